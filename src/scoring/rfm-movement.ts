import { RFM_GROUPS, type RfmGroup } from './rfm.js';

/** Buyers by the group they were in and the one they are in; `from` is null where the first purchase came in between. */
export interface MovementRow {
  readonly from: RfmGroup | null;
  readonly to: RfmGroup;
  readonly users: number;
}

export interface RfmMovement {
  compareTo: Date;
  /** Buyers then and now. */
  users: { before: number; now: number };
  /** All ten: before = stayed + left, now = stayed + entered. */
  groups: { group: RfmGroup; before: number; entered: number; left: number; stayed: number; now: number }[];
  /** All pairs, those without anybody too. */
  moves: MovementRow[];
}

/** The matrix and its margins from the pairs that have somebody. Pure. */
export function movementView(compareTo: Date, rows: readonly MovementRow[]): RfmMovement {
  const sum = (which: (row: MovementRow) => boolean): number => rows.filter(which).reduce((total, { users }) => total + users, 0);
  const moves = [null, ...RFM_GROUPS].flatMap((from) => RFM_GROUPS.map((to) =>
    ({ from, to, users: sum((row) => row.from === from && row.to === to) })));
  const groups = RFM_GROUPS.map((group) => {
    const [before, now] = [sum(({ from }) => from === group), sum(({ to }) => to === group)];
    const stayed = sum(({ from, to }) => from === group && to === group);
    return { group, before, entered: now - stayed, left: before - stayed, stayed, now };
  });
  return { compareTo, users: { before: sum(({ from }) => from !== null), now: sum(() => true) }, groups, moves };
}
