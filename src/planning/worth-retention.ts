import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { WorkerDatabase, sqlFile } from '../platform/database/index.js';
import { Loops } from '../platform/loops/index.js';
import { firstKeptMonth } from '../platform/time/index.js';
import { SettingsService } from '../settings/index.js';

const drop = sqlFile<{ before: string }, { dropped: number }>(import.meta.url, './sql/drop-worth-months.sql');

const LOOK_EVERY_MS = 30 * 60_000;
/** UTC, with the other sweeps of the night. */
const NIGHT_HOUR = 3;

/** Drops the terms of decisions older than the setting `worthRetention`, by whole months; the decisions themselves stay in the ledger. */
@Injectable()
export class WorthRetention implements OnModuleInit {
  private readonly logger = new Logger('planning');

  constructor(
    private readonly database: WorkerDatabase,
    private readonly settings: SettingsService,
    private readonly loops: Loops,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.loops.every('worth-retention', LOOK_EVERY_MS, () => this.nightly());
  }

  private async nightly(): Promise<void> {
    const now = this.clock.now();
    if (now.getUTCHours() !== NIGHT_HOUR) return;
    const before = firstKeptMonth(now, (await this.settings.get()).worthRetention);
    const [row] = await this.database.query(drop, { before });
    if (row!.dropped > 0) this.logger.log(`dropped the terms of worth of ${row!.dropped} months before ${before}`);
  }
}
