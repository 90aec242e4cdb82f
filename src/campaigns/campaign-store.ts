import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase, sqlFile, type Transaction } from '../platform/database/index.js';
import { notFound } from '../platform/errors/index.js';
import { parseDuration } from '../platform/time/index.js';
import type { CampaignDefinition, CampaignStatus, Channel } from './campaign.js';

/** A campaign as it is stored. Ids are bigints as decimal strings. */
export interface CampaignRow {
  id: string;
  name: string;
  status: CampaignStatus;
  /** Of `paused`: where a resume leads. */
  resumeStatus: 'scheduled' | 'running' | null;
  channel: Channel;
  transactional: boolean;
  topicId: number | null;
  priority: number;
  definition: CampaignDefinition;
  salt: string;
  statusReason: string | null;
  createdAt: Date;
  updatedAt: Date;
  launchedAt: Date | null;
  completedAt: Date | null;
  dueAt: Date | null;
}

/** What verbs and edits need to know of a campaign whose row they hold. */
export interface LockedCampaign extends Pick<CampaignRow, 'id' | 'status' | 'resumeStatus' | 'definition'> {
  /** The instant of the decision, taken once the row was held. */
  now: Date;
}

export interface CampaignFilter {
  status: CampaignStatus | null;
  tag: string | null;
  from: Date | null;
  to: Date | null;
  before: string | null;
  limit: number;
}

export interface RunRow {
  id: string;
  scheduledFor: Date;
  expiresAt: Date;
  completedAt: Date | null;
  /** expired: missed while nothing ran, and past its expiry when it could have. */
  status: 'scheduled' | 'running' | 'paused' | 'cancelled' | 'completed' | 'expired';
}

interface Columns {
  name: string;
  channel: Channel;
  transactional: boolean;
  topic: string | null;
  priority: number;
  definition: string;
}

type Now = { now: Date | null };
type Id = { id: string };

const insert = sqlFile<Columns & Now & { salt: string }, Id>(import.meta.url, './sql/insert-campaign.sql');
const find = sqlFile<Id, CampaignRow>(import.meta.url, './sql/find-campaign.sql');
const lock = sqlFile<Id & Now, LockedCampaign>(import.meta.url, './sql/lock-campaign.sql');
const list = sqlFile<CampaignFilter, CampaignRow>(import.meta.url, './sql/list-campaigns.sql');
const update = sqlFile<Columns & Id & { now: Date }>(import.meta.url, './sql/update-campaign.sql');
const deleteDraft = sqlFile<Id, Id>(import.meta.url, './sql/delete-draft-campaign.sql');
const transition = sqlFile<Id & { from: CampaignStatus; to: CampaignStatus; reason: string | null; now: Date }, Id>(
  import.meta.url, './sql/transition-campaign.sql');
const openRun = sqlFile<{ campaignId: string }, { id: string; scheduledFor: Date; begun: boolean }>(import.meta.url, './sql/find-open-run.sql');
const reschedule = sqlFile<{ runId: string; dueAt: Date; expiresAfterMs: number }>(import.meta.url, './sql/reschedule-run.sql');
const shiftExpiry = sqlFile<{ campaignId: string; byMs: number }>(import.meta.url, './sql/shift-expiry.sql');
const deleteFuture = sqlFile<{ campaignId: string; now: Date }>(import.meta.url, './sql/delete-future-runs.sql');
const retemplate = sqlFile<{ campaignId: string; templates: string[] }>(import.meta.url, './sql/retemplate-run.sql');
const listRuns = sqlFile<{ campaignId: string; after: string | null; limit: number } & Now, RunRow>(
  import.meta.url, './sql/list-campaign-runs.sql');

const ID = /^\d{1,18}$/;

/** The rows of campaigns and of their runs and waves. */
@Injectable()
export class CampaignStore {
  constructor(
    private readonly database: ApiDatabase,
    private readonly clock: Clock,
  ) {}

  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.database.transaction(work);
  }

  async insert(tx: Transaction, definition: CampaignDefinition, salt: string): Promise<string> {
    const [row] = await tx.query(insert, { ...columns(definition), salt, now: this.clock.forSql() });
    return row!.id;
  }

  /** @throws Problem 404 */
  async find(id: string): Promise<CampaignRow> {
    const [row] = ID.test(id) ? await this.database.query(find, { id }) : [];
    if (!row) throw notFound('campaign');
    return row;
  }

  /** Holds the row until the transaction ends. @throws Problem 404 */
  async lock(tx: Transaction, id: string): Promise<LockedCampaign> {
    const [row] = ID.test(id) ? await tx.query(lock, { id, now: this.clock.forSql() }) : [];
    if (!row) throw notFound('campaign');
    return row;
  }

  list(filter: CampaignFilter): Promise<CampaignRow[]> {
    return this.database.query(list, filter);
  }

  async update(tx: Transaction, id: string, definition: CampaignDefinition, now: Date): Promise<void> {
    await tx.query(update, { ...columns(definition), id, now });
  }

  /** @returns false where it is no draft or a test message of it is under way. */
  async deleteDraft(tx: Transaction, id: string): Promise<boolean> {
    return (await tx.query(deleteDraft, { id })).length > 0;
  }

  /** @returns false where the campaign is not in the state `from` any more. */
  async transition(tx: Transaction, { id, status, now }: LockedCampaign, to: CampaignStatus, reason: string | null): Promise<boolean> {
    return (await tx.query(transition, { id, from: status, to, reason, now })).length > 0;
  }

  async openRun(tx: Transaction, campaignId: string): Promise<{ id: string; scheduledFor: Date; begun: boolean } | undefined> {
    const [run] = await tx.query(openRun, { campaignId });
    return run;
  }

  /** Moves an open run that has not begun. The month's partition of `dueAt` must be there. */
  async moveRun(tx: Transaction, runId: string, definition: CampaignDefinition, dueAt: Date): Promise<void> {
    await tx.query(reschedule, { runId, dueAt, expiresAfterMs: expiresAfterMs(definition) });
  }

  /** Takes back the occurrences that have not come yet. */
  async deleteFutureRuns(tx: Transaction, campaignId: string, now: Date): Promise<void> {
    await tx.query(deleteFuture, { campaignId, now });
  }

  /** Brings the open runs in line with an edited definition: its life and its templates. */
  async adjustRuns(tx: Transaction, campaignId: string, before: CampaignDefinition, next: CampaignDefinition): Promise<void> {
    const byMs = expiresAfterMs(next) - expiresAfterMs(before);
    if (byMs !== 0) await tx.query(shiftExpiry, { campaignId, byMs });
    await tx.query(retemplate, { campaignId, templates: next.variants.map(({ template }) => template) });
  }

  runs(campaignId: string, after: string | null, limit: number): Promise<RunRow[]> {
    return this.database.query(listRuns, { campaignId, after, limit, now: this.clock.forSql() });
  }
}

function columns(definition: CampaignDefinition): Columns {
  const { name, channel, topic = null, priority } = definition;
  return { name, channel, transactional: definition.class === 'transactional', topic, priority, definition: JSON.stringify(definition) };
}

function expiresAfterMs(definition: CampaignDefinition): number {
  return parseDuration(definition.expiresAfter)!;
}
