import { Injectable } from '@nestjs/common';
import { PlannerDatabase, sqlFile, sqlState, type Transaction } from '../platform/database/index.js';
import { Clock } from '../platform/clock/index.js';
import { LOCK_BUCKET, bucketRange, rangeOf } from './buckets.js';
import { decideWave } from './decide-wave.js';
import { decisionOrder, limitsOf, type Limits, type Step } from './decision-order.js';
import { dueWaves, type DueWaveRow, poolsOf, upToEntered } from './due-waves.js';
import { openBudgetOf, openBudgets, spendBudget } from './message-budgets.js';
import type { IdRange, PassWorld } from './pass-parameters.js';
import { PoolSizes } from './pool-sizes.js';
import { PassWorlds, ZoneAppeared, type PassRules } from './pass-worlds.js';
import { SendTimeCurves } from './send-times.js';
import { lockRooms, noteRequests } from './throttle-rooms.js';

const awaitBucket = sqlFile<{ lockClass: number; bucket: number; patience: string }>(import.meta.url, './sql/await-bucket.sql');
const freezeDueVariants = sqlFile<{ now: Date | null }>(import.meta.url, './sql/freeze-due-variants.sql');
const freezeRunVariants = sqlFile<{ runId: string; templates: string[] }>(import.meta.url, './sql/freeze-run-variants.sql');
const listRunVariants = sqlFile<{ runId: string }, { version: number }>(import.meta.url, './sql/list-run-variants.sql');
const markWaveBucket = sqlFile<{ waveIds: string[]; bucket: number; now: Date }>(import.meta.url, './sql/mark-wave-bucket.sql');

const settleEntries = sqlFile<{ campaignId: string; bucket: number; unless: string | null; now: Date }>(import.meta.url, './sql/settle-entries.sql');

/** Longer than a bulk pass takes, shorter than a stopped holder keeps its bucket. */
const PATIENCE = '2s';
const LOCK_NOT_AVAILABLE = '55P03';

export interface PassOutcome {
  /** Another planner is at work on the bucket, or on a budget that it would take from, or a user has moved meanwhile: come again. */
  busy: boolean;
  /** A budget has no price yet for what is due: have it priced and come again. */
  unpriced?: boolean;
  /** An hour is to be chosen by a curve that is not there yet: have it prepared and come again. */
  curveless?: boolean;
  /** Chunks that can be sent now. */
  chunkIds: string[];
}

/**
 * One pass over one bucket of users: the place where campaigns meet. Under the bucket's lock it takes *everything* that is due
 * for these users by then, in rank order, a statement for each wave, so that each sees what the one before it took.
 */
@Injectable()
export class BucketPass {
  private readonly sizes = new PoolSizes();

  constructor(
    private readonly database: PlannerDatabase,
    private readonly clock: Clock,
    private readonly worlds: PassWorlds,
    private readonly sendTimes: SendTimeCurves,
  ) {}

  /** @param only of these users alone (internal ids): what is due for them beside a long pass, entries of triggers above all. */
  run(bucket: number, only?: readonly string[]): Promise<PassOutcome> {
    return this.pass(bucket, (tx, rules) => this.decideEverythingDue(tx, rules, bucket, only));
  }

  /**
   * The same for a bucket that was busy: next in line for its lock, where trying now and then loses against bulk passes that follow
   * each other (events waited up to 13 s). Nobody else gets the lock while somebody waits for it.
   * @param whom answers the users once the lock is held, so that whoever came meanwhile need not wait in line again.
   */
  async runInTurn(bucket: number, whom: (tx: Transaction) => Promise<readonly string[]>): Promise<PassOutcome> {
    const decide = async (tx: Transaction, rules: PassRules): Promise<PassOutcome> => {
      const only = await whom(tx);
      return only.length === 0 ? { busy: false, chunkIds: [] } : this.decideEverythingDue(tx, rules, bucket, only);
    };
    try {
      return await this.pass(bucket, decide, async (tx) => {
        await tx.query(awaitBucket, { lockClass: LOCK_BUCKET.class, bucket, patience: PATIENCE });
        return true;
      });
    } catch (error) {
      if (sqlState(error) === LOCK_NOT_AVAILABLE) return { busy: true, chunkIds: [] };
      throw error;
    }
  }

  /** Transactional waves alone: they meet no cap and so nobody, and are decided before the others that are due. */
  runTransactional(bucket: number): Promise<PassOutcome> {
    return this.pass(bucket, (tx, rules) => this.decideEverythingDue(tx, rules, bucket, undefined, (wave) => wave.definition.class === 'transactional'));
  }

  private async pass(
    bucket: number, decide: (tx: Transaction, rules: PassRules) => Promise<PassOutcome>,
    lock: (tx: Transaction) => Promise<boolean> = (tx) => this.lock(tx, bucket),
  ): Promise<PassOutcome> {
    const rules = await this.worlds.rules();
    await this.database.query(freezeDueVariants, { now: this.clock.forSql() });
    try {
      return await this.database.transaction(async (tx) => ((await lock(tx)) ? decide(tx, rules) : { busy: true, chunkIds: [] }));
    } catch (error) {
      if (error instanceof ZoneAppeared) return { busy: true, chunkIds: [] };
      throw error;
    }
  }

  /** Until the transaction ends. Protected, so that a test can show what happens without it. */
  protected async lock(tx: Transaction, bucket: number): Promise<boolean> {
    const [lock] = await tx.query(LOCK_BUCKET.statement, { lockClass: LOCK_BUCKET.class, bucket });
    return lock!.locked;
  }

  protected async decideEverythingDue(
    tx: Transaction, rules: PassRules, bucket: number, only?: readonly string[], which: (wave: DueWaveRow) => boolean = () => true,
  ): Promise<PassOutcome> {
    const range = only ? rangeOf(only) : bucketRange(bucket);
    const open = (await dueWaves(tx, { now: this.clock.forSql(), bucket, ...range })).filter(which);
    const due = only ? upToEntered(open) : open;
    const now = due[0]?.now;
    if (!now) return { busy: false, chunkIds: [] };
    const { waves, curveless } = await this.sendTimes.onto(tx, due);
    if (curveless) return { busy: true, curveless, chunkIds: [] };
    const budgets = await openBudgets(tx, rules.settings, due, now);
    if (typeof budgets === 'string') return { busy: true, unpriced: budgets === 'unpriced', chunkIds: [] };
    const world = { ...(await this.worlds.at(tx, rules, now, range, due.map((wave) => wave.waveId))), budgets };
    const limits: Limits = { ...(only ? { only } : {}), rooms: await lockRooms(tx, waves, world, range) };
    const chunkIds: string[] = [];
    const done: string[] = [];
    for (const step of await decisionOrder(tx, this.worlds.predicates, waves, world, range, limits)) {
      const decided = await this.decideStep(tx, step, world, bucket, range, limits);
      chunkIds.push(...decided.chunkIds);
      if (decided.done) done.push(step.wave.waveId);
    }
    await this.worlds.sameZones(tx, world, range);
    if (done.length > 0) await tx.query(markWaveBucket, { waveIds: done, bucket, now: world.now });
    return { busy: false, chunkIds };
  }

  /** @returns also whether the wave has nothing more to decide in the bucket */
  private async decideStep(
    tx: Transaction, { wave, round, last, whole }: Step, world: PassWorld, bucket: number, range: IdRange, limits: Limits,
  ): Promise<{ chunkIds: string[]; done: boolean }> {
    const versions = { ...world, templateVersions: await this.templateVersions(tx, wave) };
    const budget = openBudgetOf(world.budgets, wave.definition);
    const everybody = limits.only === undefined;
    const chunkIds: string[] = [];
    let done = false;
    for (const pool of poolsOf(wave)) {
      // Whoever is in a round was within the room when it was ranked.
      const room = round === null ? limits.rooms?.of(wave) : undefined;
      if (room === 0) continue;
      let size = 0;
      const onPool = async (pooled: number): Promise<void> => {
        size = pooled;
        if (pool === 'entered') await tx.query(settleEntries, { campaignId: wave.campaignId, bucket, unless: unlessOf(wave), now: world.now });
      };
      const rows = await decideWave<{ chunkId: string; size: number }>(
        tx, this.worlds.predicates, wave, versions, range, pool, 'record',
        { ...limitsOf(limits, wave, round), onPool, round, ...(everybody ? { sizes: this.sizes } : {}) });
      const reserved = rows.reduce((sum, row) => sum + row.size, 0);
      const filled = rows.map((row) => row.chunkId);
      limits.rooms?.take(wave, await noteRequests(tx, wave, world, range, filled, reserved));
      if (budget) await spendBudget(tx, budget, reserved);
      chunkIds.push(...filled);
      // A full pool of a throttled campaign is not the whole of it; and a pass for a few users is none for the bucket.
      const all = round === null ? room === undefined || size < room : whole;
      done = everybody && all && last && wave.fresh && pool === poolsOf(wave).at(-1);
    }
    return { chunkIds, done };
  }

  /** Frozen before the pass began, but for a run that has fallen due since: then here, and the other buckets wait for this one. */
  private async templateVersions(tx: Transaction, { runId, templateVersions, definition: { variants } }: DueWaveRow): Promise<number[]> {
    if (templateVersions.length === variants.length) return templateVersions;
    await tx.query(freezeRunVariants, { runId, templates: variants.map((variant) => variant.template) });
    return (await tx.query(listRunVariants, { runId })).map(({ version }) => version);
  }
}

function unlessOf({ definition: { schedule } }: DueWaveRow): string | null {
  return schedule.type === 'triggered' ? (schedule.unless ?? null) : null;
}
