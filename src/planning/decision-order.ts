import { sqlFile, type Transaction } from '../platform/database/index.js';
import type { SegmentPredicates } from '../segments/index.js';
import { rankPool, type PoolLimits } from './decide-wave.js';
import { poolsOf, type DueWaveRow } from './due-waves.js';
import type { IdRange, PassWorld } from './pass-parameters.js';
import type { ThrottleRooms } from './throttle-rooms.js';

const createPassRanks = sqlFile(import.meta.url, './sql/create-pass-ranks.sql');
const numberPassRanks = sqlFile(import.meta.url, './sql/number-pass-ranks.sql');

/** One statement of the pass: a wave, or those of its users to whom it is the round-th best of its priority. */
export interface Step {
  readonly wave: DueWaveRow;
  /** null: the whole wave at once. */
  readonly round: number | null;
  /** The wave has been decided when this step has. */
  readonly last: boolean;
  /** Of a wave in rounds: everybody of its audience is in one. */
  readonly whole: boolean;
}

/** What of the pools a pass may take. */
export interface Limits {
  /** These users alone (internal ids). */
  readonly only?: readonly string[];
  /** What throttled campaigns have room for. */
  readonly rooms?: ThrottleRooms | undefined;
}

/** Of the wave in this round: whoever is in a round was within the room when it was ranked. */
export function limitsOf({ only, rooms }: Limits, wave: DueWaveRow, round: number | null): PoolLimits {
  const room = round === null ? rooms?.of(wave) : undefined;
  return { ...(only ? { only } : {}), ...(room === undefined ? {} : { poolLimit: room }) };
}

/**
 * The order in which waves meet the gates: priority, expected net worth, campaign. Worth differs from user to user, so waves of one
 * priority of which one asks for it go in rounds: k waves take k² statements of a k-th of the users each; all others take one.
 * A throttled wave is ranked for those of its audience that it has room for, the lowest ids that are undecided: to the others it is not
 * to be had now, and what else is due for them does not wait for it.
 * @param waves by priority, then campaign
 */
export async function decisionOrder(
  tx: Transaction, predicates: SegmentPredicates, waves: readonly DueWaveRow[], world: PassWorld, range: IdRange, limits: Limits = {},
): Promise<Step[]> {
  const groups = new Map<number, DueWaveRow[]>();
  for (const wave of waves) groups.set(wave.definition.priority, [...(groups.get(wave.definition.priority) ?? []), wave]);
  const contested = (priority: number): boolean => {
    const group = groups.get(priority)!;
    return group.length > 1 && group.some(({ definition }) => definition.worth);
  };
  if (![...groups.keys()].some(contested)) return waves.map(atOnce);
  await tx.query(createPassRanks, {});
  const cut = new Set<DueWaveRow>();
  const rooms = limits.rooms?.copy();
  for (const wave of waves.filter(({ definition }) => contested(definition.priority))) {
    for (const pool of poolsOf(wave)) {
      const room = rooms?.of(wave);
      const size = room === 0 ? 0 : await rankPool(tx, predicates, wave, world, range, pool, limitsOf({ ...limits, rooms }, wave, null));
      if (room !== undefined && size >= room) cut.add(wave);
      rooms?.expect(wave, size);
    }
  }
  await tx.query(numberPassRanks, {});
  await tx.raw('analyze pass_ranks');
  return [...groups].flatMap(([priority, group]) => (contested(priority) ? rounds(group, cut) : group.map(atOnce)));
}

function atOnce(wave: DueWaveRow): Step {
  return { wave, round: null, last: true, whole: true };
}

function rounds(group: readonly DueWaveRow[], cut: ReadonlySet<DueWaveRow>): Step[] {
  return group.flatMap((_, i) => group.map((wave) => ({ wave, round: i + 1, last: i === group.length - 1, whole: !cut.has(wave) })));
}
