import { numberParameters, sqlPart } from '../platform/database/index.js';
import type { Outcome } from './results-shape.js';

/** One message as lists and exports show it, with its place in the ledger. */
export interface MessageRow {
  month: string;
  internalId: string;
  id: string;
  campaignId: string;
  campaignName: string;
  runId: string;
  /** null once the person is erased. */
  userId: string | null;
  channel: 'push' | 'email';
  topic: string | null;
  class: 'marketing' | 'transactional';
  variant: string | null;
  outcome: Outcome;
  reason: string | null;
  dueAt: Date;
  decidedAt: Date;
  sentAt: Date | null;
  deliveredAt: Date | null;
  openedAt: Date | null;
  clickedAt: Date | null;
  unsubscribedAt: Date | null;
  firstConvertedAt: Date | null;
  conversions: number;
  revenue: number;
  currency: string;
  segments: string[];
  messagesIn7d: number;
  templateVersion: number | null;
  updatedAt: Date;
  /** Requests with unknown outcome after which it was sent again: above 0 it may have arrived more than once. */
  doubts: number;
}

/** Which messages; what is absent does not filter. */
export interface MessageFilter {
  campaignId?: string;
  runId?: string;
  internalUserId?: string;
  outcome?: string;
  reason?: string;
  /** `from ≤ dueAt < to` */
  from?: Date;
  to?: Date;
  updatedSince?: Date;
  /** Rows of the ledger after this one. */
  afterId?: string;
}

export interface Statement {
  readonly text: string;
  readonly values: unknown[];
}

const SELECT = sqlPart(import.meta.url, './sql/select-message-rows.part.sql');

/** The filters as they stand in SQL. Only those in use are put in, so that each list is planned for its own index. */
const CLAUSES: Record<keyof MessageFilter, string> = {
  campaignId: 'd.campaign_id = :campaignId::bigint',
  runId: 'd.run_id = :runId::bigint',
  internalUserId: 'd.user_id = :internalUserId::bigint',
  outcome: 'o.outcome = :outcome::text',
  reason: `d.reason = :reason::text::delivery_reason and o.outcome in ('suppressed', 'deferred', 'failed')`,
  from: 'd.due_at >= :from::timestamptz',
  to: 'd.due_at < :to::timestamptz',
  updatedSince: 'w.updated_at >= :updatedSince::timestamptz',
  afterId: 'd.id > :afterId::bigint',
};

const ORDERS = { ledger: 'order by d.id', newest: 'order by d.due_at desc, d.id desc', none: '' };

/** @param order `ledger`: by row, for pages and exports; `newest`: for one person's history. */
export function selectMessages(filter: MessageFilter, currency: string, order: keyof typeof ORDERS, limit?: number): Statement {
  const used = (Object.keys(CLAUSES) as (keyof MessageFilter)[]).filter((name) => filter[name] !== undefined);
  const where = used.length > 0 ? `where ${used.map((name) => CLAUSES[name]).join('\n  and ')}` : '';
  const { text, params } = numberParameters(`${SELECT}\n${where}\n${ORDERS[order]}${limit === undefined ? '' : '\nlimit :limit::integer'}`);
  const given: Record<string, unknown> = { ...filter, currency, limit };
  return { text, values: params.map((name) => given[name]) };
}
