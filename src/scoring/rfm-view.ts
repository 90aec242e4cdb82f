import { RFM_GROUPS, rfmGroup, type RfmGroup } from './rfm.js';
import type { GridRow } from './score-store.js';
import type { RfmMovement } from './rfm-movement.js';

export interface RfmView {
  /** Null before the first refresh. */
  asOf: Date | null;
  users: number;
  /** All 25, `averageMonetary` null where nobody is. */
  cells: { recency: number; frequency: number; users: number; averageMonetary: number | null }[];
  /** Users by each score, 1 to 5: what the cells do not tell of the monetary score. */
  scores: Record<Dimension, number[]>;
  /** All ten; `share` of the users, `revenue` in the settings' currency. */
  groups: { group: RfmGroup; users: number; share: number; revenue: number }[];
  /** Only where `compareTo` asks for it. */
  movement?: RfmMovement;
}

type Dimension = 'recency' | 'frequency' | 'monetary';

const SCORES = [1, 2, 3, 4, 5];
const CENTS = 100;

/** The grid and its groups from the cells that have somebody. */
export function gridView(asOf: Date | null, rows: readonly GridRow[]): RfmView {
  const users = usersOf(rows);
  const cells = SCORES.flatMap((recency) => SCORES.map((frequency) => {
    const own = rows.filter((row) => row.recency === recency && row.frequency === frequency);
    const count = usersOf(own);
    return { recency, frequency, users: count, averageMonetary: count === 0 ? null : toCents(revenueOf(own) / count) };
  }));
  const groups = RFM_GROUPS.map((group) => {
    const own = rows.filter((row) => rfmGroup(row.recency, row.frequency) === group);
    const count = usersOf(own);
    return { group, users: count, share: users === 0 ? 0 : count / users, revenue: toCents(revenueOf(own)) };
  });
  const scores = { recency: byScore(rows, 'recency'), frequency: byScore(rows, 'frequency'), monetary: byScore(rows, 'monetary') };
  return { asOf, users, scores, cells, groups };
}

function byScore(rows: readonly GridRow[], dimension: Dimension): number[] {
  return SCORES.map((score) => usersOf(rows.filter((row) => row[dimension] === score)));
}

function usersOf(rows: readonly GridRow[]): number {
  return rows.reduce((sum, row) => sum + row.users, 0);
}

function revenueOf(rows: readonly GridRow[]): number {
  return rows.reduce((sum, row) => sum + Number(row.revenue), 0);
}

function toCents(amount: number): number {
  return Math.round(amount * CENTS) / CENTS;
}
