import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../platform/clock/index.js';

/** How long rendering may hold the event loop before everything else has its turn. */
const TURN_MS = 8;

/** Shares the event loop: a slice of a hundred large mails is rendered in several turns, with answers, timers and requests in between. */
export class RenderTurns {
  private ends = -Infinity;
  private waiting: Promise<void> | undefined;

  constructor(private readonly clock: Pick<Clock, 'monotonic'>) {}

  /** To be waited for once by whoever brings many messages: each of them would else wait for the same turn by itself. */
  async open(): Promise<void> {
    if (this.clock.monotonic() >= this.ends) await (this.waiting ??= this.pause());
  }

  /** Does the work of one message when there is room for it in the turn: nearly always at once, and then without a promise. */
  run<T>(work: () => T): T | Promise<T> {
    return this.clock.monotonic() < this.ends ? work() : this.later(work);
  }

  private async later<T>(work: () => T): Promise<T> {
    // Whoever waited asks again: those who came before may have used the turn up. The work follows the question at once, so that the
    // next to ask sees what it took.
    while (this.clock.monotonic() >= this.ends) await (this.waiting ??= this.pause());
    return work();
  }

  private async pause(): Promise<void> {
    await nextTurn();
    this.waiting = undefined;
    this.ends = this.clock.monotonic() + TURN_MS;
  }
}
