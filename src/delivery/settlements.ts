import { numberArray, wordArray } from '../platform/database/index.js';
import type { Outcome } from './delivery-state.js';
import type { Settlement } from './delivery.store.js';

export interface Settled {
  readonly userId: string;
  readonly id: string;
  readonly outcome: Outcome;
}

/** The outcomes that end or defer a delivery, as the arrays of one statement. */
export function settlementOf(month: string, settled: readonly Settled[], now: Date | null): Settlement {
  const rows = settled.filter(({ outcome }) => outcome.state !== 'queued');
  return {
    month, now,
    userIds: numberArray(rows.map((row) => row.userId)),
    ids: numberArray(rows.map((row) => row.id)),
    states: wordArray(rows.map(({ outcome }) => outcome.state)),
    reasons: wordArray(rows.map(({ outcome }) => ('reason' in outcome ? outcome.reason : null))),
    freeAts: rows.map(({ outcome }) => (outcome.state === 'deferred' ? outcome.freeAt : null)),
  };
}

export interface Requeue {
  userIds: string[];
  ids: string[];
  counted: boolean[];
  doubts: boolean[];
  reasons: Array<string | null>;
  delayMs: number;
}

/** The outcomes that go back into the queue: one later chunk for all, due when the most patient of them is. */
export function requeueOf(settled: readonly Settled[]): Requeue | undefined {
  const rows = settled.flatMap((row) => (row.outcome.state === 'queued' ? [{ ...row, outcome: row.outcome }] : []));
  if (rows.length === 0) return undefined;
  return {
    userIds: rows.map((row) => row.userId),
    ids: rows.map((row) => row.id),
    counted: rows.map(({ outcome }) => outcome.refused || outcome.doubt === true),
    doubts: rows.map(({ outcome }) => outcome.doubt === true),
    reasons: rows.map(({ outcome }) => (outcome.refused || outcome.delayMs > 0 ? 'provider_unavailable' : null)),
    delayMs: Math.max(...rows.map(({ outcome }) => outcome.delayMs)),
  };
}
