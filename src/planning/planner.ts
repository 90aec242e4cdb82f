import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Occurrences } from '../campaigns/index.js';
import { Clock } from '../platform/clock/index.js';
import { PlannerDatabase, sqlFile } from '../platform/database/index.js';
import { Loops } from '../platform/loops/index.js';
import { Doorbell } from '../platform/queue/index.js';
import { BucketPass, type PassOutcome } from './bucket-pass.js';
import { PortfolioPricer } from './portfolio-pricer.js';
import { SendTimeCurves } from './send-times.js';

type Now = { now: Date | null };

const openDueWaves = sqlFile<Now>(import.meta.url, './sql/open-due-waves.sql');
const findDueBuckets = sqlFile<Now, { bucket: number }>(import.meta.url, './sql/find-due-buckets.sql');
const findTransactional = sqlFile<Now, { bucket: number }>(import.meta.url, './sql/find-transactional-buckets.sql');
const finishWaves = sqlFile<Now, { id: string; month: string }>(import.meta.url, './sql/finish-waves.sql');

const releasePaused = sqlFile<Now, { id: string }>(import.meta.url, './sql/release-paused-reservations.sql');

const RELEASE_MS = 5_000;
const TICK_MS = 250;
/** Besides the planner's own round: two bulk passes at a time. A third on two cores only makes each hold its bucket for longer. */
const CONCURRENCY = 1;

/** Finds buckets with something due and has them decided, here and by every other planner that hears the bell. */
@Injectable()
export class Planner implements OnModuleInit {
  private readonly logger = new Logger('planner');

  constructor(
    private readonly database: PlannerDatabase,
    private readonly clock: Clock,
    private readonly loops: Loops,
    private readonly doorbell: Doorbell,
    private readonly pass: BucketPass,
    private readonly sendTimes: SendTimeCurves,
    private readonly pricer: PortfolioPricer,
    private readonly occurrences: Occurrences,
  ) {}

  onModuleInit(): void {
    this.loops.every('planner', TICK_MS, () => this.tick());
    this.loops.every('transactional-planner', TICK_MS, () => this.decideTransactional());
    this.loops.every('release-reservations', RELEASE_MS, async () => {
      while ((await this.database.query(releasePaused, { now: this.clock.forSql() })).length > 0);
    });
    this.doorbell.answer('planning', CONCURRENCY, async ({ bucket }) => void (await this.decide(Number(bucket))));
  }

  /** Decides everything that is due now. A bucket that another planner holds is left to it: whatever it misses, the next tick finds. */
  async tick(): Promise<void> {
    const now = this.clock.forSql();
    await this.sendTimes.prepare();
    await this.openWaves(now);
    const buckets = (await this.database.query(findDueBuckets, { now })).map(({ bucket }) => bucket);
    // The head is decided here at once; the tail is offered to all.
    this.doorbell.ring('planning', buckets.slice(1).reverse().map((bucket) => ({ bucket })));
    for (const bucket of buckets) await this.decide(bucket);
    // Also where nothing was to decide: a planner that died between its last bucket and this step left the wave open, and its
    // campaign would run for ever.
    await this.finish(now);
  }

  /**
   * Beside the round over everything: that of a million users takes a minute, and a password reset launched meanwhile must not wait
   * for its end. A bucket that is just being decided is come back to at the next tick.
   */
  async decideTransactional(): Promise<void> {
    const now = this.clock.forSql();
    await this.openWaves(now);
    for (const { bucket } of await this.database.query(findTransactional, { now })) await this.decide(bucket, (n) => this.pass.runTransactional(n));
  }

  /** A transaction, because it is tried again after a deadlock: a pass marks rows that it opens itself in the order of ranks. */
  private async openWaves(now: Date | null): Promise<void> {
    await this.database.transaction(async (tx) => {
      await this.occurrences.expireMissed(tx);
      await tx.query(openDueWaves, { now });
    });
  }

  private async finish(now: Date | null): Promise<void> {
    const finished = await this.database.query(finishWaves, { now });
    const months = new Set(finished.map(({ month }) => month.slice(0, 7).replace('-', '')));
    // Straight after materialising an audience: without it the first claims sort the whole campaign.
    for (const month of months) await this.database.raw(`analyze deliveries_${month}`);
  }

  private async decide(bucket: number, pass: (bucket: number) => Promise<PassOutcome> = (n) => this.pass.run(n)): Promise<void> {
    try {
      let outcome = await pass(bucket);
      if (outcome.curveless) {
        await this.sendTimes.prepare();
        outcome = await pass(bucket);
      }
      if (outcome.unpriced) {
        await this.pricer.price();
        outcome = await pass(bucket);
      }
      const { chunkIds } = outcome;
      this.doorbell.ring('delivery', chunkIds.map((chunkId) => ({ chunkId })));
    } catch (error) {
      // One bucket's fault must not stop the others; it is due again at the next tick.
      this.logger.error({ err: error, bucket });
    }
  }
}
