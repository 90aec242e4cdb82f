import { Injectable } from '@nestjs/common';
import { PlannerDatabase, sqlFile, type Transaction } from '../platform/database/index.js';
import { Clock } from '../platform/clock/index.js';
import { decideWave } from './decide-wave.js';
import { decisionOrder, poolsOf } from './decision-order.js';
import { listDueWaves } from './due-waves.js';
import { PassWorlds, type PassRules } from './pass-worlds.js';
import { LOCK_BUCKET, bucketRange } from './buckets.js';

const freezeRunVariants = sqlFile<{ runId: string; templates: string[] }, { version: number }>(
  import.meta.url, './sql/freeze-run-variants.sql');
const markWaveBucket = sqlFile<{ waveId: string; bucket: number; now: Date }>(import.meta.url, './sql/mark-wave-bucket.sql');

export interface PassOutcome {
  /** Another planner is at work on the bucket: come again. */
  busy: boolean;
  /** Chunks that can be sent now. */
  chunkIds: string[];
}

/**
 * One pass over one bucket of users: the place where campaigns meet. Under the bucket's lock it takes *everything* that is due
 * for these users by then, in rank order, a statement for each wave, so that each sees what the one before it took.
 */
@Injectable()
export class BucketPass {
  constructor(
    private readonly database: PlannerDatabase,
    private readonly clock: Clock,
    private readonly worlds: PassWorlds,
  ) {}

  async run(bucket: number): Promise<PassOutcome> {
    const rules = await this.worlds.rules();
    return this.database.transaction(async (tx) => {
      if (!(await this.lock(tx, bucket))) return { busy: true, chunkIds: [] };
      return { busy: false, chunkIds: await this.decideEverythingDue(tx, rules, bucket) };
    });
  }

  /** Until the transaction ends. Protected, so that a test can show what happens without it. */
  protected async lock(tx: Transaction, bucket: number): Promise<boolean> {
    const [lock] = await tx.query(LOCK_BUCKET.statement, { lockClass: LOCK_BUCKET.class, bucket });
    return lock!.locked;
  }

  protected async decideEverythingDue(tx: Transaction, rules: PassRules, bucket: number): Promise<string[]> {
    const range = bucketRange(bucket);
    const waves = (await tx.query(listDueWaves, { now: this.clock.forSql(), bucket, ...range }))
      .filter((wave) => wave.fresh || wave.freed);
    const first = waves[0];
    if (!first) return [];
    const world = await this.worlds.at(tx, rules, first.now, range, waves.map((wave) => wave.waveId));
    const chunkIds: string[] = [];
    for (const { wave, round, last } of await decisionOrder(tx, this.worlds.predicates, waves, world, range, poolsOf)) {
      const templates = wave.definition.variants.map((variant) => variant.template);
      const frozen = await tx.query(freezeRunVariants, { runId: wave.runId, templates });
      const versions = { ...world, templateVersions: frozen.map(({ version }) => version) };
      for (const pool of poolsOf(wave)) {
        const rows = await decideWave<{ chunkId: string }>(tx, this.worlds.predicates, wave, versions, range, pool, 'record', { round });
        chunkIds.push(...rows.map((row) => row.chunkId));
      }
      if (wave.fresh && last) await tx.query(markWaveBucket, { waveId: wave.waveId, bucket, now: world.now });
    }
    return chunkIds;
  }
}
