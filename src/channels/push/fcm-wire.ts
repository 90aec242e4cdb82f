import type { Clock } from '../../platform/clock/index.js';
import type { WireOutcome } from './fcm-exchange.js';
import { FcmSession } from './fcm-session.js';
import type { SessionOptions, WireRequest } from './fcm-session.js';

export interface WireOptions {
  /** Origin: `https:` with HTTP/2 by ALPN, `http:` with prior knowledge. */
  endpoint: URL;
  /** PEM of a private certificate authority, in place of the public ones. */
  ca?: string;
  clock: Clock;
  /** Connections at most; a further one opens only when the others are full. Default 4. */
  sessions?: number;
  connectTimeoutMs?: number;
  pingIntervalMs?: number;
  pingTimeoutMs?: number;
  idleMs?: number;
}

interface Waiter {
  request: WireRequest;
  since: number;
  timer: NodeJS.Timeout;
  resolve(outcome: WireOutcome): void;
}

/**
 * A small HTTP/2 client for one origin: several long-lived sessions, one request a call, no retry. Own, because the SDK re-sends up
 * to four times behind one call, opens a session for every batch and has its host built in.
 */
export class FcmWire {
  private readonly sessions = new Set<FcmSession>();
  /** In arrival order; a Set, because a waiter that runs out of time leaves from the middle. */
  private readonly waiters = new Set<Waiter>();
  private readonly limit: number;
  private readonly sessionOptions: SessionOptions;
  private readonly clock: Clock;
  private closing = false;

  constructor(options: WireOptions) {
    this.limit = options.sessions ?? 4;
    this.clock = options.clock;
    this.sessionOptions = {
      endpoint: options.endpoint,
      ca: options.ca,
      connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
      pingIntervalMs: options.pingIntervalMs ?? 30_000,
      pingTimeoutMs: options.pingTimeoutMs ?? 5_000,
      // Google's front ends close an idle connection after four minutes or so.
      idleMs: options.idleMs ?? 180_000,
    };
  }

  /**
   * Sends one request, at most once, on the emptiest session; waits within its time-out where all are full.
   * Never rejects. A request that found no session in time was not sent.
   * @param startMs how long it may wait for a session, within its time-out
   */
  send(request: WireRequest, startMs = request.timeoutMs): Promise<WireOutcome> {
    if (this.closing) return Promise.resolve({ kind: 'not_sent', code: 'CLOSED' });
    const session = this.waiters.size === 0 ? this.emptiest() : undefined;
    if (session) return session.request(request);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.giveUp(waiter, 'NO_SESSION_IN_TIME'), Math.max(0, Math.min(startMs, request.timeoutMs)));
      const waiter: Waiter = { request, since: this.clock.monotonic(), timer, resolve };
      this.waiters.add(waiter);
      this.grow();
    });
  }

  /** Refuses what waits, lets open requests end, closes every session. */
  async close(): Promise<void> {
    this.closing = true;
    for (const waiter of this.waiters) this.giveUp(waiter, 'CLOSED');
    await Promise.all([...this.sessions].map((session) => session.close()));
  }

  private emptiest(): FcmSession | undefined {
    let best: FcmSession | undefined;
    for (const session of this.sessions) {
      if (session.room > 0 && (!best || session.streams < best.streams)) best = session;
    }
    return best;
  }

  /** One connection attempt at a time: a burst on a cold start must not open them all for what one can carry. */
  private grow(): void {
    if (this.closing || this.sessions.size >= this.limit) return;
    for (const session of this.sessions) if (session.connecting) return;
    const session: FcmSession = new FcmSession(this.sessionOptions, {
      onFree: () => this.serve(),
      onGone: (unusedBecause) => this.dropped(session, unusedBecause),
    });
    this.sessions.add(session);
  }

  private serve(): void {
    for (const waiter of this.waiters) {
      const session = this.emptiest();
      if (!session) return this.grow();
      const timeoutMs = waiter.request.timeoutMs - (this.clock.monotonic() - waiter.since);
      if (timeoutMs <= 0) {
        this.giveUp(waiter, 'NO_SESSION_IN_TIME');
        continue;
      }
      this.waiters.delete(waiter);
      clearTimeout(waiter.timer);
      void session.request({ ...waiter.request, timeoutMs }).then(waiter.resolve);
    }
  }

  /** A lost session is replaced only if it carried something: a peer that drops every connection must not be dialled in a loop. */
  private dropped(session: FcmSession, unusedBecause: string | undefined): void {
    this.sessions.delete(session);
    if (this.waiters.size === 0) return;
    if (unusedBecause === undefined) return this.grow();
    if (this.sessions.size > 0) return;
    // Nobody else can serve them: tell them at once that nothing went out, rather than let them run into their time-out.
    for (const waiter of this.waiters) this.giveUp(waiter, unusedBecause);
  }

  private giveUp(waiter: Waiter, code: string): void {
    this.waiters.delete(waiter);
    clearTimeout(waiter.timer);
    waiter.resolve({ kind: 'not_sent', code });
  }
}
