import { RFM_GROUPS, rfmGroup, type RfmGroup } from './rfm.js';
import type { GridRow } from './score-store.js';

export interface RfmView {
  /** Null before the first refresh. */
  asOf: Date | null;
  users: number;
  /** All 25, `averageMonetary` null where nobody is. */
  cells: { recency: number; frequency: number; users: number; averageMonetary: number | null }[];
  /** All ten; `share` of the users, `revenue` in the settings' currency. */
  groups: { group: RfmGroup; users: number; share: number; revenue: number }[];
}

const SCORES = [1, 2, 3, 4, 5];
const CENTS = 100;

/** The grid and its groups from the cells that have somebody. */
export function gridView(asOf: Date | null, rows: readonly GridRow[]): RfmView {
  const users = rows.reduce((sum, row) => sum + row.users, 0);
  const cells = SCORES.flatMap((recency) => SCORES.map((frequency) => {
    const row = rows.find((one) => one.recency === recency && one.frequency === frequency);
    return { recency, frequency, users: row?.users ?? 0, averageMonetary: row ? toCents(Number(row.revenue) / row.users) : null };
  }));
  const groups = RFM_GROUPS.map((group) => {
    const own = rows.filter((row) => rfmGroup(row.recency, row.frequency) === group);
    const count = own.reduce((sum, row) => sum + row.users, 0);
    const revenue = toCents(own.reduce((sum, row) => sum + Number(row.revenue), 0));
    return { group, users: count, share: users === 0 ? 0 : count / users, revenue };
  });
  return { asOf, users, cells, groups };
}

function toCents(amount: number): number {
  return Math.round(amount * CENTS) / CENTS;
}
