import { Inject, Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { Config } from '../platform/config/index.js';
import { WorkerDatabase } from '../platform/database/index.js';
import { Loops } from '../platform/loops/index.js';
import { Doorbell } from '../platform/queue/index.js';
import { Metrics } from '../platform/telemetry/index.js';
import { ChunkWorker } from './chunk-worker.js';
import { closeCampaignsRows, closeEmptyChunks, completeDeadRuns, findDueChunks, reapSlices } from './delivery.store.js';
import { SENDERS, type Senders } from './senders.js';

const SWEEP_MS = 1_000;
const REAP_MS = 2_000;

/**
 * What keeps sending going: the bell (Bull), the sweeper that finds what Redis forgot, the reaper of dead workers' slices.
 * The bell and the sweeper share one set of places, so that a hint and a find never make more than SEND_CONCURRENCY chunks.
 */
@Injectable()
export class SenderLoops implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly logger = new Logger('delivery');
  private readonly busy = new Set<Promise<boolean>>();

  constructor(
    private readonly database: WorkerDatabase,
    private readonly clock: Clock,
    private readonly config: Config,
    private readonly loops: Loops,
    private readonly doorbell: Doorbell,
    private readonly worker: ChunkWorker,
    private readonly metrics: Metrics,
    @Inject(SENDERS) private readonly senders: Senders,
  ) {}

  onModuleInit(): void {
    const reaped = this.metrics.counter('lease_expired_total', 'Slices whose worker did not come back');
    this.loops.every('sender', SWEEP_MS, () => this.sweep());
    this.loops.every('reaper', REAP_MS, async () => {
      const [late] = await this.database.query(reapSlices, { now: this.clock.forSql() });
      if (late!.slices > 0) {
        reaped.inc(late!.slices);
        this.logger.warn({ msg: 'slices expired', ...late });
      }
      await this.closeWhatIsOver();
    });
    this.doorbell.answer('delivery', this.config.env.SEND_CONCURRENCY, async ({ chunkId }) => {
      await this.inPlace(String(chunkId));
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.worker.stop();
    await Promise.allSettled(this.busy);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.senders.push.close(), this.senders.email.close()]);
  }

  /** Sends everything that is due and that nobody holds. */
  private async sweep(): Promise<void> {
    for (;;) {
      const due = await this.database.query(findDueChunks, { now: this.clock.forSql() });
      if (due.length === 0) return;
      const queue = due.map(({ id }) => id);
      const lane = async (): Promise<boolean> => {
        let worked = false;
        for (let id = queue.shift(); id !== undefined; id = queue.shift()) worked = (await this.inPlace(id)) || worked;
        return worked;
      };
      const lanes = await Promise.all(Array.from({ length: this.config.env.SEND_CONCURRENCY }, lane));
      // Others took all of it, or it rests: come again with the next sweep rather than spin.
      if (!lanes.some(Boolean)) return;
    }
  }

  /** Works on a chunk in one of the shared places. A fault of one chunk is logged and stops no other. */
  private async inPlace(chunkId: string): Promise<boolean> {
    while (this.busy.size >= this.config.env.SEND_CONCURRENCY) await Promise.race(this.busy);
    const work = this.worker.work(chunkId).catch((error: Error) => {
      this.logger.error({ err: error, chunk: chunkId });
      return false;
    });
    this.busy.add(work);
    return work.finally(() => this.busy.delete(work));
  }

  private async closeWhatIsOver(): Promise<void> {
    const now = this.clock.forSql();
    while ((await this.database.query(closeCampaignsRows, { now })).length > 0);
    await this.database.query(closeEmptyChunks, {});
    await this.database.query(completeDeadRuns, { now });
  }
}
