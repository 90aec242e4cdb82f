import { sqlFile } from '../platform/database/index.js';
import type { IdRange } from './pass-parameters.js';

/** 16,384 consecutive internal user ids: large enough that a pass is set-based, small enough that it takes under 2 s. */
export const BUCKET_BITS = 14;

/** The lock class keeps our bucket numbers apart from every other advisory lock of the database. */
export const LOCK_BUCKET = {
  class: 7_205,
  statement: sqlFile<{ lockClass: number; bucket: number }, { locked: boolean }>(import.meta.url, './sql/lock-bucket.sql'),
};

/** Held while a throttled campaign's room is filled. */
export const LOCK_THROTTLED = {
  class: 7_206,
  statement: LOCK_BUCKET.statement,
  room: sqlFile<{ campaignId: string; minutes: number }, { room: number }>(import.meta.url, './sql/read-throttle-room.sql'),
};

/** Held from the look at a channel's budget of messages until what it let through is committed. */
export const LOCK_BUDGET = { class: 7_207, statement: LOCK_BUCKET.statement };

export function bucketRange(bucket: number): IdRange {
  const size = 2n ** BigInt(BUCKET_BITS);
  return { fromId: String(BigInt(bucket) * size), toId: String(BigInt(bucket + 1) * size) };
}

/** How many buckets have users, and the database's instant. */
export const countBuckets = sqlFile<object, { buckets: number; now: Date }>(import.meta.url, './sql/count-buckets.sql');

/** From the first to the last of these users (internal ids): what is gathered by ranges of ids is not gathered of a whole bucket for the sake of one user. */
export function rangeOf(only: readonly string[]): IdRange {
  const ids = only.map(BigInt).sort((a, b) => (a < b ? -1 : 1));
  return { fromId: String(ids[0]!), toId: String(ids.at(-1)! + 1n) };
}
