import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase, sqlFile } from '../platform/database/index.js';
import { conflict, invalid, invalidField, notFound } from '../platform/errors/index.js';
import { Doorbell } from '../platform/queue/index.js';
import type { CampaignDefinition } from '../campaigns/index.js';
import { MessageIds } from '../planning/index.js';

export interface TestSendResult {
  runId: string;
  messages: Array<{ userId: string; messageId: string }>;
}

interface Subject {
  definition: CampaignDefinition;
  status: string;
}

const readSubject = sqlFile<{ campaignId: string }, Subject>(import.meta.url, './sql/read-test-subject.sql');
const openRun = sqlFile<{ campaignId: string; templates: string[]; now: Date | null }, { runId: string; month: string; variants: number }>(
  import.meta.url, './sql/open-test-run.sql');
const ensureMonth = sqlFile<{ month: string }>(import.meta.url, './sql/ensure-test-month.sql');
const queue = sqlFile<
  { runId: string; month: string; userIds: string[]; variants: number[] },
  { id: string; internalId: string; userId: string; chunkId: string }
>(import.meta.url, './sql/queue-test-messages.sql');
const findUnknown = sqlFile<{ userIds: string[] }, { position: number }>(import.meta.url, './sql/find-unknown-users.sql');

/** Sends a campaign to a few named users now: skips audience, caps, quiet hours and holdout, keeps suppression, counts nowhere. */
@Injectable()
export class TestSend {
  constructor(
    private readonly database: ApiDatabase,
    private readonly clock: Clock,
    private readonly doorbell: Doorbell,
    private readonly messageIds: MessageIds,
  ) {}

  async send(campaignId: string, userIds: string[], variantKey?: string): Promise<TestSendResult> {
    const definition = await this.subject(campaignId);
    const variant = this.variantOf(definition, variantKey);
    await this.requireUsers(userIds);
    const { rows, runId, month } = await this.database.transaction(async (tx) => {
      const templates = definition.variants.map((v) => v.template);
      const [run] = await tx.query(openRun, { campaignId, templates, now: this.clock.forSql() });
      if (run!.variants !== definition.variants.length) throw conflict('A template of the campaign no longer exists.');
      await tx.query(ensureMonth, { month: run!.month });
      const queued = await tx.query(queue, { ...run!, userIds, variants: userIds.map(() => variant) });
      return { rows: queued, runId: run!.runId, month: run!.month };
    });
    this.doorbell.ring('delivery', rows[0] ? [{ chunkId: rows[0].chunkId }] : []);
    return {
      runId,
      messages: rows.map((row) => ({ userId: row.userId, messageId: this.messageIds.encode({ month, userId: row.internalId, id: row.id }) })),
    };
  }

  private async subject(campaignId: string): Promise<CampaignDefinition> {
    const [subject] = /^\d{1,18}$/.test(campaignId) ? await this.database.query(readSubject, { campaignId }) : [];
    if (!subject) throw notFound('campaign');
    return subject.definition;
  }

  private variantOf(definition: CampaignDefinition, key: string | undefined): number {
    if (key === undefined) return 0;
    const index = definition.variants.findIndex((v) => v.key === key);
    if (index < 0) throw invalidField('variant', 'is not a variant of this campaign');
    return index;
  }

  private async requireUsers(userIds: string[]): Promise<void> {
    const unknown = await this.database.query(findUnknown, { userIds });
    if (unknown.length > 0) throw invalid(unknown.map(({ position }) => ({ path: `userIds[${position}]`, message: 'is not a user' })));
  }
}
