const WINDOW = 200;
const LIMIT = 20;

/**
 * The last 200 results of a campaign: whether so many of its messages are refused for what they are (20, which is 10 %) that
 * the campaign and not the addresses must be wrong. Sending on would burn the audience and the project's quota.
 */
export class RefusalWindow {
  private results: Array<string | null> = [];

  /** @param code of a refusal of the message as such, null for anything else. @returns why the campaign should pause, if it should */
  add(code: string | null): string | undefined {
    this.results.push(code);
    if (this.results.length > WINDOW) this.results.shift();
    if (code === null) return undefined;
    const refused = this.results.filter((result) => result !== null);
    if (refused.length < LIMIT) return undefined;
    const reason = `The provider refused ${refused.length} of the last ${this.results.length} messages (${[...new Set(refused)].join(', ')}).`;
    this.results = [];
    return reason;
  }
}
