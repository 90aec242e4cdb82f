import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { WorkerDatabase, sqlFile } from '../platform/database/index.js';
import { Loops } from '../platform/loops/index.js';
import { Occurrences } from './occurrences.js';

type Now = { now: Date | null };

const startDue = sqlFile<Now, { id: string }>(import.meta.url, './sql/start-due-campaigns.sql');
const completeFinished = sqlFile<Now, { id: string }>(import.meta.url, './sql/complete-finished-campaigns.sql');

const TICK_MS = 1_000;

/** Moves campaigns along by the clock and by what is left to do. Sends nothing: planning and delivery find their work themselves. */
@Injectable()
export class CampaignScheduler implements OnModuleInit {
  private readonly logger = new Logger('campaign-scheduler');

  constructor(
    private readonly database: WorkerDatabase,
    private readonly clock: Clock,
    private readonly loops: Loops,
    private readonly occurrences: Occurrences,
  ) {}

  onModuleInit(): void {
    this.loops.every('campaign-scheduler', TICK_MS, () => this.tick());
  }

  private async tick(): Promise<void> {
    const now = this.clock.forSql();
    await this.database.transaction((tx) => this.occurrences.makeDue(tx));
    await this.database.transaction((tx) => this.occurrences.addZones(tx));
    this.report('running', await this.database.query(startDue, { now }));
    this.report('completed', await this.database.query(completeFinished, { now }));
  }

  private report(status: string, campaigns: { id: string }[]): void {
    for (const { id } of campaigns) this.logger.log({ msg: `campaign ${status}`, campaignId: id });
  }
}
