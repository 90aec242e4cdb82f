import { sqlFile, type Transaction } from '../platform/database/index.js';

const setJoinSearch = sqlFile<{ otherJoins: string; collapse: string; plans: string; otherScans: string }>(import.meta.url, './sql/set-join-search.sql');

const AS_WRITTEN = { otherJoins: 'off', collapse: '1', plans: 'force_generic_plan', otherScans: 'on' };
const AS_EVER = { otherJoins: 'on', collapse: '8', plans: 'auto', otherScans: 'on' };

/**
 * Runs a statement about a whole bucket. Every join in it is by equality over whole sets, by hash and in the order in which it is written:
 * the sizes of its parts are unknown to the planner, and what it gains from a nested loop over one expected row it pays back
 * quadratically over 16,384, up to the statement's time-out. Searching for an order took as long as a tenth of the decision, analysing the
 * parts beforehand a fiftieth, planning anew each time another.
 * @param found 'bitmaps' where rows are found by an array of users: the planner takes any for ten of them. For so few an index scan is as
 * good, or, where statistics are of a time of few users, a scan of the whole table; for thousands the one goes back to every page for each
 * of its rows, and the other looks through the array for each row of the table.
 */
export async function joiningSets<T>(tx: Transaction, work: () => Promise<T>, found: 'anyhow' | 'bitmaps' = 'anyhow'): Promise<T> {
  await tx.query(setJoinSearch, { ...AS_WRITTEN, otherScans: found === 'bitmaps' ? 'off' : 'on' });
  const result = await work();
  await tx.query(setJoinSearch, AS_EVER);
  return result;
}
