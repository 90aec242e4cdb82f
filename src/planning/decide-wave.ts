import { sqlFile, type Transaction } from '../platform/database/index.js';
import { NOW, type SegmentPredicates } from '../segments/index.js';
import { joiningSets } from './join-search.js';
import type { PoolSizes } from './pool-sizes.js';
import { passParameters, type IdRange, type PassParameters, type PassWave, type PassWorld } from './pass-parameters.js';
import { capsOf } from './policy-parameters.js';
import { ASK, boundsOf, decisionOf, withAudience, POOLS, RANK, SPLITS, valuesOf, type ByHour, type Ending, type PassStatement, type Pool } from './pass-statements.js';

const measurePool = sqlFile<object, { size: number }>(import.meta.url, './sql/measure-pass-pool.sql');
const askEverybody = sqlFile(import.meta.url, './sql/ask-everybody.sql');
const keepAudience = sqlFile(import.meta.url, './sql/keep-audience-in-pool.sql');
const giveBackReserved = sqlFile<{ runId: string }>(import.meta.url, './sql/give-back-reserved.sql');
const keepRound = sqlFile<{ waveId: string; round: number }>(import.meta.url, './sql/keep-round-in-pool.sql');

/** Of a pool only so many users, or only these. */
export interface PoolLimits {
  poolLimit?: number;
  only?: readonly string[];
}

/** What a decision may be told beside its wave. */
export interface DecideOptions extends PoolLimits {
  subjectWave?: string;
  round?: number | null;
  sizes?: PoolSizes;
  /** What is to be done between the pool and the gates, told the pool's size. */
  onPool?: (size: number) => Promise<void>;
}

/**
 * Decides one wave for one range of users: fills the pool with its audience, then meets the gates; what comes back depends on the
 * ending, and is empty where the pool is. Of an audience that is expected to be large those whom nobody asks for their messages are
 * decided while the pool is filled.
 */
export async function decideWave<Row>(
  tx: Transaction, predicates: SegmentPredicates, wave: PassWave, world: PassWorld, range: IdRange, pool: Pool, ending: Ending, options: DecideOptions = {},
): Promise<Row[]> {
  const { onPool, round, sizes, ...parameters } = options;
  const named: PassParameters = { ...passParameters(wave, world, range), ...parameters };
  // Of a run that holds back slots for later it must be known whom it has reached: everybody into one pool.
  const givesBack = world.heldRuns.has(wave.runId);
  const split = round || givesBack ? undefined : splitOf(pool, ending);
  const fill = { tx, predicates, wave, world, named };
  const filled = split && (await world.facts.ahead(sizes?.expected(wave.waveId) ?? 0))
    ? await splitPool<Row>(fill, split) : { size: await fillPool(fill, POOLS[pool]), barred: undefined };
  const pooled = round ? await keepInRound(tx, wave, round) : filled.size;
  // Not of deferred rows and entries: the audience, which comes after them in the next bucket, would be expected to be as few.
  if (split) sizes?.saw(wave.waveId, pooled);
  await onPool?.(pooled);
  if (pooled === 0) return [];
  if (pool === 'entered') await tx.query(keepAudience, {});
  named.everyone = ending === 'show';
  await world.facts.history(pooled);
  if (wave.definition.worth || world.policy.adaptive.enabled) await world.facts.heard(wave.definition.channel, () => ask(tx, named));
  const statement = decisionOf<Row>({
    ending, caps: capsOf(wave, world).length, worth: wave.definition.worth, again: pool === 'deferred' ? keyOf(wave) : null, reserved: world.reserving,
    rationed: named.budgetRoom !== null, split: filled.barred !== undefined,
  });
  const asked = await joiningSets(tx, () => tx.query(statement, named));
  if (givesBack) await tx.query(giveBackReserved, { runId: wave.runId });
  return filled.barred ? [...filled.barred, ...asked] : asked;
}

function splitOf(pool: Pool, ending: Ending): ByHour | undefined {
  if (pool !== 'fresh' && pool !== 'bestHour') return undefined;
  return ending === 'record' || ending === 'take' ? SPLITS[pool][ending] : undefined;
}

function keyOf({ definition: { schedule } }: PassWave): 'user' | 'entry' {
  return schedule.type === 'triggered' ? 'entry' : 'user';
}

/** Tells pass_ranks what the wave is worth to each user of the pool. @returns how many users the pool has */
export async function rankPool(
  tx: Transaction, predicates: SegmentPredicates, wave: PassWave, world: PassWorld, range: IdRange, pool: Pool, limits: PoolLimits = {},
): Promise<number> {
  const named: PassParameters = { ...passParameters(wave, world, range), ...limits };
  const pooled = await fillPool({ tx, predicates, wave, world, named }, POOLS[pool]);
  if (wave.definition.worth) await world.facts.heard(wave.definition.channel, () => tx.query(askEverybody, {}));
  await joiningSets(tx, () => tx.raw(RANK.text, valuesOf(RANK, named)));
  return pooled;
}

/** @returns how many are left */
async function keepInRound(tx: Transaction, { waveId }: PassWave, round: number): Promise<number> {
  await tx.query(keepRound, { waveId, round });
  const [left] = await tx.query(measurePool, {});
  return left!.size;
}

/** Whom the wave asks for what became of their messages: whoever no gate before worth and the caps has stopped. */
function ask(tx: Transaction, named: PassParameters): Promise<unknown> {
  return tx.raw(ASK.text, valuesOf(ASK, named));
}

interface Fill {
  tx: Transaction;
  predicates: SegmentPredicates;
  wave: PassWave;
  world: PassWorld;
  named: PassParameters;
}

/** @returns how many are in it */
async function fillPool(fill: Fill, statement: ByHour): Promise<number> {
  await fill.world.facts.makeRoom('pool');
  const { text, values } = await aboutAudience(fill, statement);
  return fill.tx.change(text, values);
}

/** @returns how many the wave is about, and the verdicts on those of them who are not asked, as far as the ending tells any */
async function splitPool<Row>(fill: Fill, statement: ByHour): Promise<{ size: number; barred: Row[] }> {
  await fill.world.facts.makeRoom('asked');
  const { text, values } = await aboutAudience(fill, statement);
  const rows = await fill.tx.raw<Row & { size: number; state?: string | null }>(text, values);
  return { size: rows[0]!.size, barred: rows.filter(({ state }) => state) };
}

async function aboutAudience({ tx, predicates, wave, world, named }: Fill, statements: ByHour): Promise<{ text: string; values: unknown[] }> {
  const statement: PassStatement = statements[named.hour];
  const values = valuesOf(statement, named);
  const audience = await predicates.compileAudienceWithin(tx, wave.definition.audience, world.settings, values.length + 1, boundsOf(statement));
  const own = audience.params.map((value) => (value === NOW ? world.now : value));
  return { text: withAudience(statement, audience), values: [...values, ...own] };
}
