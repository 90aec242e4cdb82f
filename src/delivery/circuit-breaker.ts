/** How a request to a provider ended, as far as the provider's health is concerned. */
export type Health = 'well' | 'server' | 'quota' | 'config' | 'unreachable';

const WINDOW = 100;
/** So many failures of one class, and half of the window, open the circuit: some dead tokens never do. */
const MIN_FAILURES = 50;
const FIRST_REST_MS = 1_000;
const MAX_REST_MS = 30_000;
const MAX_ASKED_MS = 300_000;

/**
 * Stops asking a provider that is away. While open nothing is claimed, so that an outage uses up no attempts; afterwards a small
 * slice asks whether it is back. Errors are counted by class: half a window of different troubles is no outage.
 * Time is monotonic milliseconds, given by the caller.
 */
export class CircuitBreaker {
  private window: Health[] = [];
  private opened = 0;
  private openUntil = -Infinity;

  /** Milliseconds until the next request may leave; 0 = now. */
  restMs(now: number): number {
    return Math.max(0, this.openUntil - now);
  }

  /** Whether only a small slice may go, because it is not yet known that the provider is back. */
  get probing(): boolean {
    return this.opened > 0;
  }

  /** @param retryAfterMs what the provider asked for. @returns whether this result opened the circuit */
  report(health: Health, now: number, retryAfterMs = 0): boolean {
    if (health === 'well') this.opened = 0;
    this.window.push(health);
    if (this.window.length > WINDOW) this.window.shift();
    // What was under way when it opened is no news.
    if (health === 'well' || this.restMs(now) > 0) return false;
    const same = this.window.filter((past) => past === health).length;
    const limit = this.probing ? PROBE_SIZE : MIN_FAILURES;
    if (same < limit || same * 2 < this.window.length) return false;
    this.openUntil = now + Math.max(Math.min(MAX_REST_MS, FIRST_REST_MS * 2 ** this.opened), Math.min(retryAfterMs, MAX_ASKED_MS));
    this.opened++;
    this.window = [];
    return true;
  }
}

/** Messages of a slice that asks whether the provider is back. */
export const PROBE_SIZE = 10;
