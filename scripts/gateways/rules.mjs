// What a gateway does with a message: by the address itself (`gw-<behaviour>-…`), else by a rule set through the control port, else ok.

/** @typedef {{channel?: 'push'|'email', prefix?: string, address?: string, behaviour: string, every?: number, times?: number, retryAfter?: string|number, delayMs?: number, seen?: number}} Rule */

export class Rules {
  /** @type {Rule[]} */
  #rules = [];
  /** Added to every answer, in milliseconds. */
  latencyMs = 0;

  /** The newest rule is asked first. `every: n` takes each n-th match, `times: n` the first n; both count requests, so that runs repeat. */
  add(rule) {
    this.#rules.unshift({ ...rule, seen: 0 });
  }

  clear() {
    this.#rules = [];
    this.latencyMs = 0;
  }

  /** @returns {Rule} */
  find(channel, address) {
    for (const rule of this.#rules) {
      if (rule.channel && rule.channel !== channel) continue;
      if (rule.address && rule.address !== address) continue;
      if (rule.prefix && !address.startsWith(rule.prefix)) continue;
      rule.seen++;
      if (rule.times && rule.seen > rule.times) continue;
      if (rule.every && rule.seen % rule.every !== 0) continue;
      return rule;
    }
    const own = /^gw-([a-z0-9]+(?:_[a-z0-9]+)*)-/.exec(address);
    return { behaviour: own ? own[1] : 'ok' };
  }
}
