import { sqlFile, type Transaction } from '../platform/database/index.js';
import type { SegmentPredicates } from '../segments/index.js';
import { rankPool } from './decide-wave.js';
import { poolsOf, type DueWaveRow } from './due-waves.js';
import type { IdRange, PassWorld } from './pass-parameters.js';

const createPassRanks = sqlFile(import.meta.url, './sql/create-pass-ranks.sql');
const numberPassRanks = sqlFile(import.meta.url, './sql/number-pass-ranks.sql');

/** One statement of the pass: a wave, or those of its users to whom it is the round-th best of its priority. */
export interface Step {
  readonly wave: DueWaveRow;
  /** null: the whole wave at once. */
  readonly round: number | null;
  /** The wave has been decided when this step has. */
  readonly last: boolean;
}

/**
 * The order in which waves meet the gates: priority, expected net worth, campaign. Worth differs from user to user, so waves of one
 * priority of which one asks for it go in rounds: k waves take k² statements of a k-th of the users each; all others take one.
 * @param waves by priority, then campaign
 */
export async function decisionOrder(
  tx: Transaction, predicates: SegmentPredicates, waves: readonly DueWaveRow[], world: PassWorld, range: IdRange,
): Promise<Step[]> {
  const groups = new Map<number, DueWaveRow[]>();
  for (const wave of waves) groups.set(wave.definition.priority, [...(groups.get(wave.definition.priority) ?? []), wave]);
  const contested = (priority: number): boolean => {
    const group = groups.get(priority)!;
    // Entries and throttled or best-hour waves take their pools piece by piece: they meet the gates in the order of their campaigns.
    return group.length > 1 && group.every(inOnePiece) && group.some(({ definition }) => definition.worth);
  };
  if (![...groups.keys()].some(contested)) return waves.map((wave) => ({ wave, round: null, last: true }));
  await tx.query(createPassRanks, {});
  const ranked = waves.filter(({ definition }) => contested(definition.priority));
  for (const wave of ranked) for (const pool of poolsOf(wave)) await rankPool(tx, predicates, wave, world, range, pool);
  await tx.query(numberPassRanks, {});
  await tx.raw('analyze pass_ranks');
  return [...groups].flatMap(([priority, group]) => (contested(priority) ? rounds(group) : group.map((wave) => ({ wave, round: null, last: true }))));
}

function inOnePiece(wave: DueWaveRow): boolean {
  return !wave.entered && wave.room === null && wave.definition.schedule.type !== 'bestHour';
}

function rounds(group: readonly DueWaveRow[]): Step[] {
  return group.flatMap((_, i) => group.map((wave) => ({ wave, round: i + 1, last: i === group.length - 1 })));
}
