import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { WorkerDatabase, sqlFile } from '../platform/database/index.js';
import { Loops } from '../platform/loops/index.js';
import { firstKeptMonth } from '../platform/time/index.js';
import { SettingsService } from '../settings/index.js';

const drop = sqlFile<{ before: string }, { dropped: number }>(import.meta.url, './sql/drop-event-months.sql');

const LOOK_EVERY_MS = 30 * 60_000;
/** UTC, after the nightly refresh of the scores. */
const NIGHT_HOUR = 3;

/** Drops raw events that are older than the setting `eventRetention`; what was counted from them, and their ids, stay. */
@Injectable()
export class EventRetention implements OnModuleInit {
  private readonly logger = new Logger('events');

  constructor(
    private readonly database: WorkerDatabase,
    private readonly settings: SettingsService,
    private readonly loops: Loops,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.loops.every('event-retention', LOOK_EVERY_MS, () => this.nightly());
  }

  private async nightly(): Promise<void> {
    const now = this.clock.now();
    if (now.getUTCHours() !== NIGHT_HOUR) return;
    const before = firstKeptMonth(now, (await this.settings.get()).eventRetention);
    const [row] = await this.database.query(drop, { before });
    if (row!.dropped > 0) this.logger.log(`dropped the raw events of ${row!.dropped} partitions before ${before}`);
  }
}
