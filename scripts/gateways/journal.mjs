import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

/**
 * The truth about what reached the gateway: every request and every accept, written (and with `fsync` on the disk) before the answer
 * goes out. Entries of one turn of the event loop share one write, otherwise a sync for each would cap the gateway at a few hundred a second.
 */
export class Journal {
  #fd;
  #fsync;
  #pending = [];
  #after = [];
  #scheduled = false;
  #sequence = 0;
  /** @type {Map<string, {requests: number, accepts: number}>} */
  counts = new Map();
  totals = { push: { requests: 0, accepts: 0 }, email: { requests: 0, accepts: 0 } };

  constructor(file, fsync) {
    this.#fd = file ? openSync(file, 'a') : undefined;
    this.#fsync = fsync;
  }

  request(channel, address, facts) {
    this.#count(channel, address, 'requests');
    this.#write('request', channel, address, facts);
  }

  accept(channel, address, facts) {
    this.#count(channel, address, 'accepts');
    this.#write('accept', channel, address, facts);
  }

  /** An explicit refusal: the only thing after which the same message may come again. Not counted, only written. */
  refuse(channel, address, facts) {
    this.#write('refusal', channel, address, facts);
  }

  /** Runs once all that was written so far is on the file. */
  then(run) {
    if (this.#fd === undefined) return run();
    this.#after.push(run);
    this.#schedule();
  }

  reset() {
    this.counts.clear();
    for (const total of Object.values(this.totals)) total.requests = total.accepts = 0;
  }

  close() {
    this.#flush();
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #count(channel, address, what) {
    const key = `${channel}:${address}`;
    let count = this.counts.get(key);
    if (!count) this.counts.set(key, (count = { requests: 0, accepts: 0 }));
    count[what]++;
    this.totals[channel][what]++;
  }

  #write(kind, channel, address, facts) {
    if (this.#fd === undefined) return;
    const entry = { n: ++this.#sequence, kind, channel, address, ...facts, monotonicMs: performance.now(), at: new Date().toISOString() };
    this.#pending.push(JSON.stringify(entry));
    this.#schedule();
  }

  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#flush());
  }

  #flush() {
    this.#scheduled = false;
    if (this.#fd !== undefined && this.#pending.length > 0) {
      writeSync(this.#fd, this.#pending.join('\n') + '\n');
      if (this.#fsync) fdatasyncSync(this.#fd);
      this.#pending = [];
    }
    const runs = this.#after;
    this.#after = [];
    for (const run of runs) run();
  }
}
