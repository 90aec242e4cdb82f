import type { Queryable } from '../../src/platform/database/index.js';
import type { MessageRef } from '../../src/planning/index.js';

type State = 'deferred' | 'queued' | 'sent' | 'failed' | 'unknown' | 'suppressed' | 'held_out';

export interface LedgerCampaign {
  id: string;
  runId: string;
  waveId: string;
  chunkId: string;
  month: string;
  channel: 'push' | 'email';
  topicId: number | null;
}

export interface CampaignOptions {
  name?: string;
  channel?: 'push' | 'email';
  topic?: string;
  variants?: string[];
  holdout?: number;
  conversion?: { event: string; window: string; attribution: 'sent' | 'opened' | 'clicked' };
  status?: string;
  transactional?: boolean;
  runAt?: string;
  kind?: 'regular' | 'test';
}

export interface DeliveryOptions {
  state?: State;
  reason?: string;
  at?: string;
  settledAt?: string | null;
  variant?: number;
  messagesIn7d?: number;
  doubts?: number;
  chunkId?: string | null;
}

/** Writes rows of the ledger as planning and delivery would, for tests of what stands behind them. */
export class LedgerFactory {
  constructor(private readonly db: Queryable) {}

  /** @returns the internal id */
  async user(userId: string, columns: { email?: string; emailHash?: Buffer; locale?: string; timezone?: string } = {}): Promise<string> {
    const [row] = await this.db.raw<{ id: string }>(
      `insert into users (id, user_id, email, email_hash, locale, timezone, created_at)
       values (nextval('user_id_seq'), $1, $2, $3, $4, $5, '2025-01-01T00:00:00Z') returning id`,
      [userId, columns.email ?? null, columns.emailHash ?? null, columns.locale ?? null, columns.timezone ?? null]);
    return row!.id;
  }

  async topic(key: string, name: Record<string, string> = { en: key }, listed = true): Promise<number> {
    const [row] = await this.db.raw<{ id: number }>(
      `insert into topics (key, name, listed) values ($1, $2, $3) on conflict (key) do update set name = excluded.name returning id`,
      [key, JSON.stringify(name), listed]);
    return row!.id;
  }

  async campaign(options: CampaignOptions = {}): Promise<LedgerCampaign> {
    const { name = 'Test', channel = 'push', topic, variants = ['a'], holdout = 0, conversion, runAt = '2026-03-01T12:00:00Z' } = options;
    const transactional = options.transactional ?? false;
    const topicId = topic === undefined ? null : await this.topic(topic);
    const definition = {
      name, channel, ...(topic === undefined ? {} : { topic }), class: transactional ? 'transactional' : 'marketing', tags: [],
      audience: { include: ['everyone'], exclude: [] }, variants: variants.map((key) => ({ key, template: `t-${key}`, weight: 1 })),
      holdout, priority: 50, reserve: false, ignoreCaps: false, schedule: { type: 'now' }, onFatigue: 'drop', expiresAfter: 'PT24H',
      onDoubt: 'skip', ...(conversion ? { conversion } : {}),
    };
    const [row] = await this.db.raw<{ id: string }>(
      `insert into campaigns (name, status, channel, transactional, topic_id, priority, definition, salt, launched_at)
       values ($1, $2, $3, $4, $5, 50, $6, 'salt', $7) returning id`,
      [name, options.status ?? 'running', channel, transactional, topicId, JSON.stringify(definition), runAt]);
    return this.run(row!.id, { channel, topicId, runAt, kind: options.kind ?? 'regular' });
  }

  /** One more run of a campaign. */
  async run(
    campaignId: string,
    { channel, topicId, runAt, kind = 'regular' }: { channel: 'push' | 'email'; topicId: number | null; runAt: string; kind?: string },
  ): Promise<LedgerCampaign> {
    const month = `${runAt.slice(0, 7)}-01`;
    await this.db.raw(`select ensure_month_partition('deliveries', $1::date)`, [month]);
    const [run] = await this.db.raw<{ id: string }>(
      `insert into runs (campaign_id, scheduled_for, kind, month, expires_at) values ($1, $2, $3, $4, $2::timestamptz + interval '1 day') returning id`,
      [campaignId, runAt, kind, month]);
    const [wave] = await this.db.raw<{ id: string }>(
      `insert into waves (run_id, campaign_id, due_at, decided_at) values ($1, $2, $3, $3) returning id`, [run!.id, campaignId, runAt]);
    const [chunk] = await this.db.raw<{ id: string }>(
      `insert into chunks (month, run_id, wave_id, campaign_id, channel, bucket, size, not_before) values ($1, $2, $3, $4, $5, 0, 0, $6) returning id`,
      [month, run!.id, wave!.id, campaignId, channel, runAt]);
    return { id: campaignId, runId: run!.id, waveId: wave!.id, chunkId: chunk!.id, month, channel, topicId };
  }

  /** One row of the ledger; queued and settled rows stand in the run's chunk. */
  async delivery(campaign: LedgerCampaign, internalUserId: string, options: DeliveryOptions = {}): Promise<MessageRef> {
    const { state = 'sent', at = '2026-03-01T12:00:00Z' } = options;
    const passed = !['suppressed', 'deferred', 'held_out'].includes(state);
    const settledAt = options.settledAt === undefined ? (passed && state !== 'queued' ? at : null) : options.settledAt;
    const counted = state === 'queued' ? 'infinity' : state === 'sent' || state === 'unknown' ? settledAt : null;
    const chunkId = options.chunkId === undefined ? (passed ? campaign.chunkId : null) : options.chunkId;
    const [row] = await this.db.raw<{ id: string }>(
      `insert into deliveries (month, user_id, run_id, wave_id, campaign_id, chunk_id, due_at, decided_at, expires_at, counted_at, settled_at,
         free_at, topic_id, policy_version, template_version, state, reason, channel, variant, messages_in_7d, doubts)
       values ($1, $2, $3, $4, $5, $6, $7, $7, $7::timestamptz + interval '1 day', $8, $9, $10, $11, 0, $12, $13, $14, $15, $16, $17, $18) returning id`,
      [campaign.month, internalUserId, campaign.runId, campaign.waveId, campaign.id, chunkId, at, counted, settledAt,
        state === 'deferred' ? at : null, campaign.topicId, passed ? 1 : null, state,
        options.reason ?? (state === 'suppressed' || state === 'deferred' ? 'frequency_cap' : null), campaign.channel, options.variant ?? 0,
        options.messagesIn7d ?? 0, options.doubts ?? 0]);
    return { month: campaign.month, userId: internalUserId, id: row!.id };
  }

  /** Marks queued rows as being sent. */
  async slice(campaign: LedgerCampaign, first: MessageRef, last: MessageRef, closedAt: string | null = null): Promise<void> {
    await this.db.raw(
      `insert into slices (chunk_id, month, campaign_id, fence, first_id, last_id, size, lease_until, closed_at)
       values ($1, $2, $3, 1, $4, $5, 1, '2026-03-01T13:00:00Z', $6)`,
      [campaign.chunkId, campaign.month, campaign.id, first.id, last.id, closedAt]);
  }

  /** A raw event as ingest stores it, without its hooks. */
  async event(internalUserId: string, name: string, at: string, value: number | null = null, currency: string | null = null, eventId = `${name}-${at}`): Promise<void> {
    const month = `${at.slice(0, 7)}-01`;
    await this.db.raw(`select ensure_month_partition('events', $1::date)`, [month]);
    await this.db.raw(
      `insert into events (month, user_id, occurred_at, name, event_id, value, currency, received_at) values ($1, $2, $3, $4, $5, $6, $7, $3)`,
      [month, internalUserId, at, name, eventId, value, currency]);
  }

  async facts(ref: MessageRef): Promise<Record<string, Date | null> | undefined> {
    const [row] = await this.db.raw<Record<string, Date | null>>(
      `select delivered_at as delivered, opened_at as opened, clicked_at as clicked, unsubscribed_at as unsubscribed, bounced_at as bounced,
         complained_at as complained from message_facts where month = $1 and user_id = $2 and delivery_id = $3`, [ref.month, ref.userId, ref.id]);
    return row;
  }
}
