import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { WorkerDatabase, sqlFile } from '../platform/database/index.js';
import { Loops, sweepMonths } from '../platform/loops/index.js';
import { SettingsService } from '../settings/index.js';

const drop = sqlFile<{ before: string }, { dropped: number }>(import.meta.url, './sql/drop-worth-months.sql');

/** Drops the terms of decisions older than the setting `worthRetention`, by whole months; the decisions themselves stay in the ledger. */
@Injectable()
export class WorthRetention implements OnModuleInit {
  constructor(
    private readonly database: WorkerDatabase,
    private readonly settings: SettingsService,
    private readonly loops: Loops,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    sweepMonths(this.loops, this.clock, {
      name: 'worth-retention', what: 'terms of worth', retention: async () => (await this.settings.get()).worthRetention,
      drop: async (before) => (await this.database.query(drop, { before }))[0]!.dropped,
    });
  }
}
