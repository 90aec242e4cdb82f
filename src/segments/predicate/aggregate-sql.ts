import type { Writer } from './context.js';

export interface Aggregation {
  /** Rows with a user_id, given what ties them to `u` (`x.user_id = u.id`, or `true` for all users at once). */
  readonly rows: (tie: (alias: string) => string) => string;
  /** Aggregates over the rows `r`, each with a name: `count(*) as a`. */
  readonly select: string;
  /** The test of those names; may be null. */
  readonly test: string;
  /** The answer for a user without a row. */
  readonly empty: boolean;
}

const tieToUser = (alias: string): string => `${alias}.user_id = u.id`;
const tieToNobody = (): string => 'true';

/** Whether a user's aggregated rows pass a test, as a boolean that is never null. */
export function aggregateSql(writer: Writer, { rows, select, test, empty }: Aggregation): string {
  if (writer.shape === 'row') {
    return `(select coalesce(${test}, false) from (select ${select} from (${rows(tieToUser)}) r) g)`;
  }
  const grouped = `select from (select r.user_id, ${select} from (${rows(tieToNobody)}) r group by r.user_id) g where g.user_id = u.id`;
  // A user without rows has no group: where the test holds for nothing at all, those who fail it are looked for instead.
  return empty ? `not exists (${grouped} and not coalesce(${test}, false))` : `exists (${grouped} and ${test})`;
}

/** Whether a user has any of the rows; the planner makes a join of it. */
export function existsSql(rows: (tie: (alias: string) => string) => string): string {
  return `exists (${rows(tieToUser)})`;
}
