import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { WorkerDatabase, sqlFile } from '../platform/database/index.js';
import { Loops } from '../platform/loops/index.js';
import { mailVerdict, type MailCounts } from './mail-health.js';
import { ProviderGate } from './provider-gate.js';

const deleteExpired = sqlFile<{ now: Date | null }, { user_id: string }>(import.meta.url, './sql/delete-expired-tokens.sql');
const measureMail = sqlFile<object, MailCounts & { campaignId: string }>(import.meta.url, './sql/measure-mail-health.sql');

const MAIL_MS = 10_000;
/** Counting a million mails takes a second: it rests so many times as long as it took, so that it costs a twentieth of a core at most. */
const REST_TIMES = 19;
const TOKENS_MS = 6 * 3_600_000;

/** What is looked at now and then: how mail is received, and tokens that nobody has shown for 270 days. */
@Injectable()
export class HousekeepingLoops implements OnModuleInit {
  private readonly logger = new Logger('delivery');
  private restsUntil = -Infinity;

  constructor(
    private readonly database: WorkerDatabase,
    private readonly clock: Clock,
    private readonly loops: Loops,
    private readonly gate: ProviderGate,
  ) {}

  onModuleInit(): void {
    this.loops.every('mail-health', MAIL_MS, () => this.watchMail());
    this.loops.every('expired-tokens', TOKENS_MS, async () => {
      while ((await this.database.query(deleteExpired, { now: this.clock.forSql() })).length > 0);
    });
  }

  private async watchMail(): Promise<void> {
    const began = this.clock.monotonic();
    if (began < this.restsUntil) return;
    await this.judgeMail();
    const ended = this.clock.monotonic();
    this.restsUntil = ended + REST_TIMES * (ended - began);
  }

  private async judgeMail(): Promise<void> {
    for (const { campaignId, ...counts } of await this.database.query(measureMail, {})) {
      const verdict = mailVerdict(counts);
      if (verdict.do === 'pause') await this.gate.pause(campaignId, verdict.reason);
      else if (verdict.do === 'warn') this.logger.warn({ msg: 'complaints', campaign: campaignId, reason: verdict.reason });
    }
  }
}
