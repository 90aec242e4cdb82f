import { sqlFile, type Transaction } from '../platform/database/index.js';

const setJoinSearch = sqlFile<{ nestedLoops: string; collapse: string; indexScans: string }>(import.meta.url, './sql/set-join-search.sql');

const AS_WRITTEN = { nestedLoops: 'off', collapse: '1', indexScans: 'on' };
const AS_EVER = { nestedLoops: 'on', collapse: '8', indexScans: 'on' };

/**
 * Runs a statement about a whole bucket. Every join in it is by equality over whole sets, in an order that is good as it is written:
 * the sizes of its parts are unknown to the planner, and what it gains from a nested loop over one expected row it pays back
 * quadratically over 16,384, up to the statement's time-out. Searching for an order took as long as a tenth of the decision.
 * @param found 'bitmaps' where rows are found by an array of users: the planner takes it for ten of them, for whom an index scan is as
 * good; for thousands it goes back to every page of the table for each of its rows.
 */
export async function joiningSets<T>(tx: Transaction, work: () => Promise<T>, found: 'anyhow' | 'bitmaps' = 'anyhow'): Promise<T> {
  await tx.query(setJoinSearch, { ...AS_WRITTEN, indexScans: found === 'bitmaps' ? 'off' : 'on' });
  const result = await work();
  await tx.query(setJoinSearch, AS_EVER);
  return result;
}
