import { sqlFile, type Transaction } from '../platform/database/index.js';
import { NOW, type SegmentPredicates } from '../segments/index.js';
import { joiningSets } from './join-search.js';
import { capsOf, passParameters, type IdRange, type PassWave, type PassWorld } from './pass-parameters.js';
import { ASK, boundsOf, decisionOf, withAudience, POOLS, RANK, valuesOf, type Ending, type PassStatement, type Pool } from './pass-statements.js';

const clearPool = sqlFile(import.meta.url, './sql/clear-pass-pool.sql');
const measurePool = sqlFile<object, { size: number }>(import.meta.url, './sql/measure-pass-pool.sql');
const askEverybody = sqlFile(import.meta.url, './sql/ask-everybody.sql');
const keepAudience = sqlFile(import.meta.url, './sql/keep-audience-in-pool.sql');
const keepRound = sqlFile<{ waveId: string; round: number }>(import.meta.url, './sql/keep-round-in-pool.sql');

/** Of a pool only so many users, or only these. */
export interface PoolLimits {
  poolLimit?: number;
  only?: readonly string[];
}

/**
 * Decides one wave for one range of users: fills the pool with its audience, then meets the gates; what comes back depends on the
 * ending, and is empty where the pool is.
 * @param extra.onPool what is to be done between the two, told the pool's size.
 */
export async function decideWave<Row>(
  tx: Transaction, predicates: SegmentPredicates, wave: PassWave, world: PassWorld, range: IdRange, pool: Pool, ending: Ending,
  extra: PoolLimits & { subjectWave?: string; asOfId?: string; round?: number | null; onPool?: (size: number) => Promise<void> } = {},
): Promise<Row[]> {
  const { onPool, round, asOfId, ...parameters } = extra;
  const named: Record<string, unknown> = { ...passParameters(wave, world, range), ...parameters };
  await fillPool(tx, predicates, wave, world, POOLS[pool], named);
  if (round) await tx.query(keepRound, { waveId: wave.waveId, round });
  const [pooled] = await tx.query(measurePool, {});
  await onPool?.(pooled!.size);
  if (pooled!.size === 0) return [];
  if (pool === 'entered') await tx.query(keepAudience, {});
  await tx.raw('analyze pass_pool (user_id)');
  named.everyone = ending === 'show';
  await world.facts.history(pooled!.size, asOfId ?? null);
  if (wave.definition.worth || world.policy.adaptive.enabled) await world.facts.heard(wave.definition.channel, () => ask(tx, named));
  const statement = decisionOf({
    ending, caps: capsOf(wave, world).length, worth: wave.definition.worth, again: pool === 'deferred' ? keyOf(wave) : null, reserved: world.reserving,
    rationed: named.budgetRoom !== null,
  });
  return joiningSets(tx, () => tx.raw<Row>(statement.text, valuesOf(statement, named)));
}

function keyOf({ definition: { schedule } }: PassWave): 'user' | 'entry' {
  return schedule.type === 'triggered' ? 'entry' : 'user';
}

/** Tells pass_ranks what the wave is worth to each user of the pool. @returns how many users the pool has */
export async function rankPool(
  tx: Transaction, predicates: SegmentPredicates, wave: PassWave, world: PassWorld, range: IdRange, pool: Pool, limits: PoolLimits = {},
): Promise<number> {
  const named: Record<string, unknown> = { ...passParameters(wave, world, range), ...limits };
  await fillPool(tx, predicates, wave, world, POOLS[pool], named);
  await tx.raw('analyze pass_pool (user_id)');
  const [pooled] = await tx.query(measurePool, {});
  if (wave.definition.worth) await world.facts.heard(wave.definition.channel, () => tx.query(askEverybody, {}));
  await joiningSets(tx, () => tx.raw(RANK.text, valuesOf(RANK, named)));
  return pooled!.size;
}

/** Whom the wave asks for what became of their messages: whoever no gate before worth and the caps has stopped. */
function ask(tx: Transaction, named: Record<string, unknown>): Promise<unknown> {
  return tx.raw(ASK.text, valuesOf(ASK, named));
}

async function fillPool(
  tx: Transaction, predicates: SegmentPredicates, wave: PassWave, world: PassWorld, statement: PassStatement, named: Record<string, unknown>,
): Promise<void> {
  await tx.query(clearPool, {});
  const values = valuesOf(statement, named);
  const audience = await predicates.compileAudienceWithin(tx, wave.definition.audience, world.settings, values.length + 1, boundsOf(statement));
  const own = audience.params.map((value) => (value === NOW ? world.now : value));
  await tx.raw(withAudience(statement, audience), [...values, ...own]);
}
