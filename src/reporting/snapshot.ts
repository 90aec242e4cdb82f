import type { Database, Transaction } from '../platform/database/index.js';

const TIMEOUT_MS = 120_000;
// With Postgres' own 4 MB each report of a campaign of a million spills its people to disk and sorts them there.
const WORK_MEMORY = '64MB';

/**
 * Reads everything of one report in one snapshot: a campaign that is just being sent must add up all the same.
 * REPEATABLE READ and read-only, so it blocks nobody and nobody blocks it.
 */
export function inSnapshot<T>(database: Database, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return database.transaction(async (tx) => {
    await tx.raw('set transaction isolation level repeatable read, read only');
    await tx.raw(`set local statement_timeout = ${TIMEOUT_MS}`);
    await tx.raw(`set local work_mem = '${WORK_MEMORY}'`);
    return work(tx);
  });
}
