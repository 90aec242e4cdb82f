import { sqlFile, type Transaction } from '../platform/database/index.js';

const setJoinSearch = sqlFile<{ nestedLoops: string; collapse: string }>(import.meta.url, './sql/set-join-search.sql');

const AS_WRITTEN = { nestedLoops: 'off', collapse: '1' };
const AS_EVER = { nestedLoops: 'on', collapse: '8' };

/**
 * Runs a statement about a whole bucket. Every join in it is by equality over whole sets, in an order that is good as it is written:
 * the sizes of its parts are unknown to the planner, and what it gains from a nested loop over one expected row it pays back
 * quadratically over 16,384, up to the statement's time-out. Searching for an order took as long as a tenth of the decision.
 */
export async function joiningSets<T>(tx: Transaction, work: () => Promise<T>): Promise<T> {
  await tx.query(setJoinSearch, AS_WRITTEN);
  const result = await work();
  await tx.query(setJoinSearch, AS_EVER);
  return result;
}
