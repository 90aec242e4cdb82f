import { sqlFile, type Transaction } from '../platform/database/index.js';
import { NOW, type SegmentPredicates } from '../segments/index.js';
import { passParameters, type IdRange, type PassWave, type PassWorld } from './pass-parameters.js';
import { decisionOf, POOLS, RANK, valuesOf, type Ending, type PassStatement, type Pool } from './pass-statements.js';

const clearPool = sqlFile(import.meta.url, './sql/clear-pass-pool.sql');
const measurePool = sqlFile<object, { size: number }>(import.meta.url, './sql/measure-pass-pool.sql');
const keepAudience = sqlFile(import.meta.url, './sql/keep-audience-in-pool.sql');
const keepRound = sqlFile<{ waveId: string; round: number }>(import.meta.url, './sql/keep-round-in-pool.sql');
const joinByHash = sqlFile<{ nestedLoops: string }>(import.meta.url, './sql/set-nested-loops.sql');

/**
 * Decides one wave for one range of users: fills the pool with its audience, then meets the gates; what comes back depends on the
 * ending, and is empty where the pool is.
 * @param extra.onPool what is to be done between the two, told the pool's size.
 */
export async function decideWave<Row>(
  tx: Transaction, predicates: SegmentPredicates, wave: PassWave, world: PassWorld, range: IdRange, pool: Pool, ending: Ending,
  extra: { subjectWave?: string; asOfId?: string; round?: number | null; poolLimit?: number; only?: readonly string[]; onPool?: (size: number) => Promise<void> } = {},
): Promise<Row[]> {
  const { onPool, round, asOfId, ...parameters } = extra;
  const named: Record<string, unknown> = { ...passParameters(wave, world, range), ...parameters };
  await fillPool(tx, predicates, wave, world, POOLS[pool], named);
  if (round) await tx.query(keepRound, { waveId: wave.waveId, round });
  const [pooled] = await tx.query(measurePool, {});
  await onPool?.(pooled!.size);
  if (pooled!.size === 0) return [];
  if (pool === 'entered') await tx.query(keepAudience, {});
  await gather(wave, world, pooled!.size, asOfId ?? null);
  await tx.raw('analyze pass_pool (user_id)');
  // Every join of the decision is by equality over whole sets; the sizes of its parts are unknown to the planner, and what it
  // gains from a nested loop over one expected row it pays back quadratically over 16,384.
  await tx.query(joinByHash, { nestedLoops: 'off' });
  const statement = decisionOf({ ending, worth: wave.definition.worth, again: pool === 'deferred', reserved: world.reserving });
  const rows = await tx.raw<Row>(statement.text, valuesOf(statement, named));
  await tx.query(joinByHash, { nestedLoops: 'on' });
  return rows;
}

/** Tells pass_ranks what the wave is worth to each user of the pool. */
export async function rankPool(
  tx: Transaction, predicates: SegmentPredicates, wave: PassWave, world: PassWorld, range: IdRange, pool: Pool,
): Promise<void> {
  const named: Record<string, unknown> = { ...passParameters(wave, world, range), priority: wave.definition.priority };
  await fillPool(tx, predicates, wave, world, POOLS[pool], named);
  await tx.raw('analyze pass_pool (user_id)');
  if (wave.definition.worth) await world.facts.heard(wave.definition.channel, (await tx.query(measurePool, {}))[0]!.size);
  await tx.query(joinByHash, { nestedLoops: 'off' });
  await tx.raw(RANK.text, valuesOf(RANK, named));
  await tx.query(joinByHash, { nestedLoops: 'on' });
}

/** What the gates ask of the pool's messages; nothing where the wave has no such gate. */
async function gather({ definition: { channel, worth } }: PassWave, { facts, policy }: PassWorld, pooled: number, asOfId: string | null): Promise<void> {
  await facts.history(pooled, asOfId);
  if (worth || policy.adaptive.enabled) await facts.heard(channel, pooled);
}

async function fillPool(
  tx: Transaction, predicates: SegmentPredicates, wave: PassWave, world: PassWorld, statement: PassStatement, named: Record<string, unknown>,
): Promise<void> {
  await tx.query(clearPool, {});
  const values = valuesOf(statement, named);
  const audience = await predicates.compileAudience(tx, wave.definition.audience, world.settings, values.length + 1);
  const own = audience.params.map((value) => (value === NOW ? world.now : value));
  await tx.raw(statement.text.replaceAll('__AUDIENCE__', () => audience.sql), [...values, ...own]);
}
