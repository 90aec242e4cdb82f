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
  status: 'scheduled' | 'running' | 'paused' | 'cancelled' | 'completed';
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
const ensureRunMonth = sqlFile<{ dueAt: Date }>(import.meta.url, './sql/ensure-run-month.sql');
const insertRun = sqlFile<{ campaignId: string; dueAt: Date; expiresAfterMs: number; now: Date }>(import.meta.url, './sql/insert-run.sql');
const openRun = sqlFile<{ campaignId: string }, { id: string; scheduledFor: Date; begun: boolean }>(import.meta.url, './sql/find-open-run.sql');
const reschedule = sqlFile<{ runId: string; dueAt: Date; expiresAfterMs: number }>(import.meta.url, './sql/reschedule-run.sql');
const retemplate = sqlFile<{ runId: string; templates: string[] }>(import.meta.url, './sql/retemplate-run.sql');
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

  async insertRun(tx: Transaction, { id, definition, now }: LockedCampaign, dueAt: Date): Promise<void> {
    await tx.query(ensureRunMonth, { dueAt });
    await tx.query(insertRun, { campaignId: id, dueAt, expiresAfterMs: expiresAfterMs(definition), now });
  }

  async openRun(tx: Transaction, campaignId: string): Promise<{ id: string; scheduledFor: Date; begun: boolean } | undefined> {
    const [run] = await tx.query(openRun, { campaignId });
    return run;
  }

  /** Brings an open run in line with an edited definition. */
  async adjustRun(tx: Transaction, runId: string, definition: CampaignDefinition, dueAt: Date): Promise<void> {
    await tx.query(ensureRunMonth, { dueAt });
    await tx.query(reschedule, { runId, dueAt, expiresAfterMs: expiresAfterMs(definition) });
    await tx.query(retemplate, { runId, templates: definition.variants.map(({ template }) => template) });
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
