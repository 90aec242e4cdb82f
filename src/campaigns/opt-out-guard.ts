import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { sqlFile, WorkerDatabase } from '../platform/database/index.js';
import { Loops } from '../platform/loops/index.js';
import { SettingsService } from '../settings/index.js';
import { CampaignStore } from './campaign-store.js';
import { ALARM_ALPHA, alarmReach, optOutAlarm } from './opt-out-alarm.js';

const countOptOuts = sqlFile<object, { id: string; optOuts: number }>(import.meta.url, './sql/count-campaign-opt-outs.sql');
const countMessages = sqlFile<{ id: string; limit: number }, { sent: number }>(import.meta.url, './sql/count-messages-up-to.sql');
const guardFromNow = sqlFile<{ id: string; now: Date }>(import.meta.url, './sql/guard-from-now.sql');

const LOOK_MS = 2_000;

/** Pauses a running campaign that drives away more people than the settings tolerate, and says by what figures. */
@Injectable()
export class OptOutGuard implements OnModuleInit {
  private readonly logger = new Logger('opt-out-guard');

  constructor(
    private readonly database: WorkerDatabase,
    private readonly store: CampaignStore,
    private readonly settings: SettingsService,
    private readonly loops: Loops,
  ) {}

  onModuleInit(): void {
    this.loops.every('opt-out-guard', LOOK_MS, () => this.look());
  }

  private async look(): Promise<void> {
    const { optOutTolerance } = await this.settings.get();
    for (const { id, optOuts } of await this.database.query(countOptOuts, {})) {
      const reach = alarmReach(optOuts, optOutTolerance);
      if (reach === 0) continue;
      const [counted] = await this.database.query(countMessages, { id, limit: reach + 1 });
      // An opt-out may be credited to a message that is only settled a moment later.
      const sent = Math.max(counted!.sent, optOuts);
      const lower = optOutAlarm(optOuts, sent, optOutTolerance);
      if (lower !== null) await this.pause(id, reasonOf(optOuts, sent, lower, optOutTolerance));
    }
  }

  private async pause(id: string, reason: string): Promise<void> {
    await this.store.transaction(async (tx) => {
      const campaign = await this.store.lock(tx, id);
      if (campaign.status !== 'running' || !(await this.store.transition(tx, campaign, 'paused', reason))) return;
      await tx.query(guardFromNow, { id, now: campaign.now });
      this.logger.warn({ msg: 'campaign paused for its opt-outs', campaignId: id, reason });
    });
  }
}

function reasonOf(optOuts: number, sent: number, lower: number, tolerated: number): string {
  const percent = (share: number): string => `${(share * 100).toPrecision(3)} %`;
  return `Paused by itself: ${optOuts} of ${sent} messages ended in an opt-out (${percent(optOuts / sent)}); with ${(1 - ALARM_ALPHA) * 100} % certainty`
    + ` the rate is above ${percent(lower)}, and ${percent(tolerated)} are tolerated (settings.optOutTolerance).`;
}
