import { Injectable } from '@nestjs/common';
import { CampaignLifecycle, Campaigns } from '../campaigns/index.js';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase, sqlFile } from '../platform/database/index.js';
import { Problem } from '../platform/errors/index.js';
import { MessageIds } from '../planning/index.js';

interface DeadRow {
  id: string;
  month: string;
  internalId: string;
  userId: string | null;
  campaignId: string;
  runId: string;
  channel: 'push' | 'email';
  reason: string;
  attempts: number;
  failedAt: Date;
  expiresAt: Date;
}

export type DeadLetterRow = Omit<DeadRow, 'month' | 'internalId'> & { messageId: string };

export interface Replay {
  replayed: number;
  rejected: Array<{ messageId: string; message: string }>;
}

const listed = sqlFile<{ campaignId: string | null; before: string | null; limit: number }, DeadRow>(import.meta.url, './sql/list-dead-letters.sql');
const replayed = sqlFile<{ months: string[]; userIds: string[]; ids: string[]; now: Date | null }, { id: string; campaignId: string }>(
  import.meta.url, './sql/replay-dead-letters.sql');

/** What was refused for good, to be looked at and sent again by hand: through all the gates, never past suppression or caps. */
@Injectable()
export class DeadLetters {
  constructor(
    private readonly database: ApiDatabase,
    private readonly clock: Clock,
    private readonly messageIds: MessageIds,
    private readonly campaigns: Campaigns,
    private readonly lifecycle: CampaignLifecycle,
  ) {}

  async list(campaignId: string | null, before: string | null, limit: number): Promise<DeadLetterRow[]> {
    const rows = await this.database.query(listed, { campaignId, before, limit });
    return rows.map(({ month, internalId, ...row }) => ({ ...row, messageId: this.messageIds.encode({ month, userId: internalId, id: row.id }) }));
  }

  /** Each message is decided again from the first gate. What cannot be is rejected, and the others go all the same. */
  async replay(messageIds: string[]): Promise<Replay> {
    const refs = messageIds.flatMap((messageId) => {
      const ref = this.messageIds.decode(messageId);
      return ref ? [{ messageId, ref }] : [];
    });
    const rows = await this.database.query(replayed, {
      months: refs.map(({ ref }) => ref.month), userIds: refs.map(({ ref }) => ref.userId), ids: refs.map(({ ref }) => ref.id), now: this.clock.forSql(),
    });
    for (const id of new Set(rows.map(({ campaignId }) => campaignId))) await this.reopen(id);
    const done = new Set(rows.map(({ id }) => id));
    const accepted = new Set(refs.filter(({ ref }) => done.has(ref.id)).map(({ messageId }) => messageId));
    return {
      replayed: done.size,
      rejected: messageIds.filter((id) => !accepted.has(id))
        .map((messageId) => ({ messageId, message: 'is no failed message that could still be sent: unknown, expired, or of a paused or cancelled campaign' })),
    };
  }

  private async reopen(campaignId: string): Promise<void> {
    if ((await this.campaigns.get(campaignId)).status !== 'completed') return;
    try {
      await this.lifecycle.reopen(campaignId);
    } catch (error) {
      // Somebody else's replay was quicker.
      if (!(error instanceof Problem) || error.status !== 409) throw error;
    }
  }
}
