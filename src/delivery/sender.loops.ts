import { setTimeout as rest } from 'node:timers/promises';
import { Inject, Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { Config } from '../platform/config/index.js';
import { WorkerDatabase } from '../platform/database/index.js';
import { Loops } from '../platform/loops/index.js';
import { Doorbell } from '../platform/queue/index.js';
import { Metrics } from '../platform/telemetry/index.js';
import { ChunkWorker } from './chunk-worker.js';
import { closeCampaignsRows, closeEmptyChunks, completeDeadRuns, reapSlices } from './delivery.store.js';
import { SENDERS, type Senders } from './senders.js';

const SWEEP_MS = 1_000;
const REAP_MS = 2_000;
const IDLE_MS = 250;
/** Places of the transactional lane beside the common ones: a password reset never waits for a place among a million offers. */
const FAST_PLACES = 1;

/**
 * What keeps sending going: the bell (Bull), the sweeper that finds what Redis forgot, the reaper of dead workers' slices.
 * Bell and sweeper fill the same places. A hint only says that there is work: what is next is the lease's to decide, in Postgres,
 * so that neither a doubled hint nor the order of hints means anything.
 */
@Injectable()
export class SenderLoops implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly logger = new Logger('delivery');
  private readonly places = new Set<Promise<void>>();
  private readonly fast = new Set<Promise<void>>();
  private atWork = 0;

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
    this.doorbell.answer('delivery', 1, async () => void this.sweep());
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.worker.stop();
    await Promise.allSettled([...this.places, ...this.fast]);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.senders.push.close(), this.senders.email.close()]);
  }

  /** Sends everything that is due and that nobody holds, in as many places as there are; ends when nothing is left. */
  private async sweep(): Promise<void> {
    await Promise.all([this.fill(this.fast, FAST_PLACES, 0), this.fill(this.places, this.config.env.SEND_CONCURRENCY, null)]);
  }

  private async fill(places: Set<Promise<void>>, size: number, lane: 0 | null): Promise<void> {
    while (places.size < size) {
      const place: Promise<void> = this.workOn(lane).finally(() => places.delete(place));
      places.add(place);
    }
    await Promise.all(places);
  }

  /**
   * One place: chunk after chunk, until there is none and no other place is at work either. While one is, an idle place looks
   * again now and then: else what comes during a long chunk would wait for its end wherever no bell rings.
   */
  private async workOn(lane: 0 | null): Promise<void> {
    for (;;) {
      this.atWork++;
      const worked = await this.worker.work(lane).catch((error: Error) => {
        this.logger.error({ err: error });
        return false;
      });
      this.atWork--;
      if (worked) continue;
      if (this.atWork === 0) return;
      await rest(IDLE_MS);
    }
  }

  private async closeWhatIsOver(): Promise<void> {
    const now = this.clock.forSql();
    while ((await this.database.query(closeCampaignsRows, { now })).length > 0);
    await this.database.query(closeEmptyChunks, {});
    await this.database.query(completeDeadRuns, { now });
  }
}
