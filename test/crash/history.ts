import { variantIndex } from '../../src/experiments/index.js';

/** A line of the gateway's log: the truth about what reached the provider. */
export interface LogEntry {
  n: number;
  kind: 'request' | 'accept' | 'refusal';
  channel: 'push' | 'email';
  address: string;
  messageId?: string;
  at: string;
}

export interface LedgerRow {
  month: string;
  id: string;
  userId: string;
  clientId: string;
  runId: string;
  campaignId: string;
  state: string;
  reason: string | null;
  variant: number;
  attempts: number;
  doubts: number;
  onDoubt: 'skip' | 'resend';
  salt: string;
  weights: number[];
}

export interface Transition {
  id: string;
  before: string;
  after: string;
  variantBefore: number;
  variantAfter: number;
  doubts: number;
}

/** The arrows of a delivery's life. `failed → deferred` is an operator's replay, `unknown → sent` later evidence. */
const ARROWS = new Set([
  'deferred→queued', 'deferred→suppressed', 'deferred→held_out', 'queued→sent', 'queued→failed', 'queued→unknown', 'queued→suppressed',
  'queued→deferred', 'unknown→sent', 'failed→deferred',
]);

const MAX_REQUESTS = 3;

/**
 * What happened, out of the provider's log and the ledger, and the invariants that hold of it whatever the faults were
 * (I1 to I12; each answers with what breaks it, so that a failed test says which message it was).
 */
export class History {
  private readonly byRow = new Map<string, LedgerRow>();

  constructor(
    readonly log: readonly LogEntry[],
    readonly rows: readonly LedgerRow[],
    readonly transitions: readonly Transition[],
    readonly openSlices: number,
    private readonly rowOf: (messageId: string) => string | undefined,
  ) {
    for (const row of rows) this.byRow.set(row.id, row);
  }

  /** The same, of some runs alone. */
  ofRuns(which: (runId: string) => boolean): History {
    return this.of((row) => which(row.runId));
  }

  /** The same, of some rows alone. */
  of(which: (row: LedgerRow) => boolean): History {
    const rows = this.rows.filter(which);
    const ids = new Set(rows.map((row) => row.id));
    const log = this.log.filter((entry) => ids.has(this.row(entry)?.id ?? ''));
    return new History(log, rows, this.transitions.filter((t) => ids.has(t.id)), this.openSlices, this.rowOf);
  }

  get accepted(): LogEntry[] {
    return this.log.filter((entry) => entry.kind === 'accept');
  }

  count(state: string): number {
    return this.rows.filter((row) => row.state === state).length;
  }

  /** The ledger's row of a log entry; mail names it in its Message-ID. */
  private row(entry: LogEntry): LedgerRow | undefined {
    const id = /^<?([A-Za-z0-9_-]{22})/.exec(entry.messageId ?? '')?.[1];
    return id === undefined ? undefined : this.byRow.get(this.rowOf(id) ?? '');
  }

  /** Messages that the provider was asked to send at an instant (milliseconds) that `late` picks. */
  requestsOf(late: (row: LedgerRow, at: number) => boolean): string[] {
    return this.log.filter((entry) => entry.kind === 'request').flatMap((entry) => {
      const row = this.row(entry);
      return row && late(row, Date.parse(entry.at)) ? [`${row.clientId} at ${entry.at}`] : [];
    });
  }

  /** I1: at most one accept and one request, and one more request for each explicit refusal, for each message and device. */
  doubles(): string[] {
    const seen = new Map<string, { request: number; accept: number; refusal: number; resend: boolean }>();
    for (const entry of this.log) {
      if (entry.messageId === undefined) continue;
      const key = `${entry.messageId} ${entry.address}`;
      const counts = seen.get(key) ?? { request: 0, accept: 0, refusal: 0, resend: this.row(entry)?.onDoubt === 'resend' };
      counts[entry.kind]++;
      seen.set(key, counts);
    }
    return [...seen].filter(([, c]) => (c.resend
      ? c.request > MAX_REQUESTS
      : c.accept > 1 || c.request > Math.min(MAX_REQUESTS, 1 + c.refusal))).map(([key, c]) => `I1 ${key} ${JSON.stringify(c)}`);
  }

  /** I2: what the provider took is known as sent or as in doubt. */
  acceptedButDenied(): string[] {
    return this.accepted.filter((entry) => !['sent', 'unknown'].includes(this.row(entry)?.state ?? 'no row'))
      .map((entry) => `I2 ${entry.messageId} ${entry.address}: ${this.row(entry)?.state}`);
  }

  /** I3: what is called sent was taken by the provider. */
  sentButNeverAccepted(): string[] {
    const accepted = new Set(this.accepted.map((entry) => this.row(entry)?.id));
    return this.rows.filter((row) => row.state === 'sent' && !accepted.has(row.id)).map((row) => `I3 ${row.id} of ${row.clientId}`);
  }

  /** I4: in no window (t − d, t] of the provider's own log does a user get more than the cap; a message counts once. */
  capBreaches(limit: number, windowMs: number): string[] {
    const first = new Map<string, { user: string; at: number }>();
    for (const entry of this.accepted) {
      const row = this.row(entry);
      if (row && !first.has(row.id)) first.set(row.id, { user: row.userId, at: Date.parse(entry.at) });
    }
    const byUser = new Map<string, number[]>();
    for (const { user, at } of first.values()) byUser.set(user, [...(byUser.get(user) ?? []), at]);
    return [...byUser].flatMap(([user, times]) => {
      const sorted = times.sort((a, b) => a - b);
      const breach = sorted.findIndex((at, i) => i >= limit && at - sorted[i - limit]! < windowMs);
      return breach < 0 ? [] : [`I4 user ${user}: ${limit + 1} messages in ${sorted[breach]! - sorted[breach - limit]!} ms`];
    });
  }

  /** I5: no request to a user later than `graceMs` after the opt-out was acknowledged. */
  afterOptOut(acknowledged: ReadonlyMap<string, number>, graceMs: number): string[] {
    return this.log.filter((entry) => entry.kind === 'request').flatMap((entry) => {
      const row = this.row(entry);
      const ack = row && acknowledged.get(row.clientId);
      return ack !== undefined && Date.parse(entry.at) > ack + graceMs ? [`I5 ${row!.clientId} ${Date.parse(entry.at) - ack} ms after`] : [];
    });
  }

  /** I6: no request inside a user's quiet time. */
  inQuietHours(quiet: (clientId: string, at: Date) => boolean): string[] {
    return this.log.filter((entry) => entry.kind === 'request').flatMap((entry) => {
      const row = this.row(entry);
      return row && quiet(row.clientId, new Date(entry.at)) ? [`I6 ${row.clientId} at ${entry.at}`] : [];
    });
  }

  /** I7: everybody of the audience has exactly one row in the run. */
  imbalance(audience: number): string[] {
    const users = new Map<string, Set<string>>();
    const counts = new Map<string, number>();
    for (const row of this.rows) {
      counts.set(row.runId, (counts.get(row.runId) ?? 0) + 1);
      users.set(row.runId, (users.get(row.runId) ?? new Set()).add(row.userId));
    }
    return [...counts].filter(([run, n]) => n !== audience || users.get(run)!.size !== audience).map(([run, n]) => `I7 run ${run}: ${n} rows of ${audience}`);
  }

  /** I8: a row's state changes along the arrows alone. */
  illegalTransitions(): string[] {
    return this.transitions.filter(({ before, after }) => before !== after && !ARROWS.has(`${before}→${after}`))
      .map(({ id, before, after }) => `I8 ${id}: ${before}→${after}`);
  }

  /** I9: each of these happened once, however often it was told. */
  static countedOnce(told: readonly string[], counted: number): string[] {
    const expected = new Set(told).size;
    return counted === expected ? [] : [`I9 ${counted} instead of ${expected}`];
  }

  /** I10: nothing is left open. */
  stuck(): string[] {
    const rows = this.rows.filter((row) => row.state === 'queued' || row.state === 'deferred').map((row) => `I10 ${row.id} ${row.state}`);
    return this.openSlices > 0 ? [...rows, `I10 ${this.openSlices} open slices`] : rows;
  }

  /** I11: who gets which variant is a function of the user alone, whoever decided and however often. */
  wrongVariants(): string[] {
    return this.rows.filter((row) => row.variant !== variantIndex(`${row.salt}:variant`, row.clientId, row.weights)).map((row) => `I11 ${row.id} variant ${row.variant}`);
  }

  /** I12: every acknowledged write is there. */
  static lost(acknowledged: readonly string[], present: ReadonlySet<string>): string[] {
    return acknowledged.filter((id) => !present.has(id)).map((id) => `I12 ${id}`);
  }

  /** All that holds of every run that has drained. */
  violations(audience: number, cap?: { limit: number; windowMs: number }): string[] {
    return [
      ...this.doubles(), ...this.acceptedButDenied(), ...this.sentButNeverAccepted(), ...(cap ? this.capBreaches(cap.limit, cap.windowMs) : []),
      ...this.imbalance(audience), ...this.illegalTransitions(), ...this.stuck(), ...this.wrongVariants(),
    ];
  }
}
