import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { WorkerDatabase, sqlFile } from '../platform/database/index.js';
import { Loops, sweepMonths } from '../platform/loops/index.js';
import { SettingsService } from '../settings/index.js';

const drop = sqlFile<{ before: string }, { dropped: number }>(import.meta.url, './sql/drop-event-months.sql');

/** Drops raw events that are older than the setting `eventRetention`; what was counted from them, and their ids, stay. */
@Injectable()
export class EventRetention implements OnModuleInit {
  constructor(
    private readonly database: WorkerDatabase,
    private readonly settings: SettingsService,
    private readonly loops: Loops,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    sweepMonths(this.loops, this.clock, {
      name: 'event-retention', what: 'raw events', retention: async () => (await this.settings.get()).eventRetention,
      drop: async (before) => (await this.database.query(drop, { before }))[0]!.dropped,
    });
  }
}
