import { Injectable } from '@nestjs/common';
import { ApiDatabase, sqlFile } from '../platform/database/index.js';
import { notFound } from '../platform/errors/index.js';
import { decodeIdCursor, toPage, type Page, type PageQuery } from '../platform/http/index.js';
import { Addresses } from './addresses.js';
import { maskToken } from './device.js';
import { Users } from './users.js';

interface DeviceJson {
  token: string;
  lastSeenAt: string;
  [field: string]: unknown;
}
interface SubscriptionJson {
  channel: string;
  topic: string;
  state: string;
  occurredAt: string;
  source: string | null;
}
interface ScoresJson {
  rfm: object;
  value: object | null;
  asOf: string;
}

export interface ProfileRow {
  id: string;
  userId: string;
  email: string | null;
  timezone: string | null;
  locale: string | null;
  deviceTimezone: string | null;
  deviceLocale: string | null;
  createdAt: Date;
  lastSeenAt: Date | null;
  updatedAt: Date;
  attributes: Record<string, unknown>;
  devices: DeviceJson[];
  subscriptions: SubscriptionJson[];
  scores: ScoresJson | null;
  segments: { key: string; name: string; enteredAt: string }[];
}

const page = sqlFile<{ after: string | null; limit: number }, { id: string }>(import.meta.url, './sql/list-user-ids.sql');
const pageOfAddress = sqlFile<{ hash: Buffer; after: string | null; limit: number }, { id: string }>(
  import.meta.url, './sql/list-user-ids-of-address.sql');
const read = sqlFile<{ ids: string[] }, ProfileRow>(import.meta.url, './sql/read-profiles.sql');

/** Users as they are shown. */
@Injectable()
export class Profiles {
  constructor(
    private readonly database: ApiDatabase,
    private readonly users: Users,
    private readonly addresses: Addresses,
  ) {}

  async list(query: PageQuery, email: string | undefined): Promise<Page<object>> {
    const at = { after: decodeIdCursor(query.cursor), limit: query.limit + 1 };
    const rows = email === undefined
      ? await this.database.query(page, at)
      : await this.database.query(pageOfAddress, { ...at, hash: this.addresses.hash(email) });
    const { data, nextCursor } = toPage(rows, query.limit, (row) => row.id);
    const profiles = await this.database.query(read, { ids: data.map((row) => row.id) });
    return { data: profiles.map((row) => present(row, maskToken)), nextCursor };
  }

  /** @throws Problem 404 */
  async get(userId: string): Promise<object> {
    return present(await this.row(userId), maskToken);
  }

  /** With whole tokens: for the person's own export. @throws Problem 404 */
  async whole(userId: string): Promise<{ id: string; profile: object }> {
    const row = await this.row(userId);
    return { id: row.id, profile: present(row, (token) => token) };
  }

  private async row(userId: string): Promise<ProfileRow> {
    const id = await this.users.find(userId);
    const [row] = id === undefined ? [] : await this.database.query(read, { ids: [id] });
    if (!row) throw notFound('user');
    return row;
  }
}

function present({ id: _, ...row }: ProfileRow, showToken: (token: string) => string): object {
  return {
    ...row,
    devices: row.devices.map((device) => ({ ...device, token: showToken(device.token), lastSeenAt: iso(device.lastSeenAt) })),
    subscriptions: row.subscriptions.map(presentSubscription),
    scores: row.scores && { ...row.scores, asOf: iso(row.scores.asOf) },
    segments: row.segments.map((segment) => ({ ...segment, enteredAt: iso(segment.enteredAt) })),
  };
}

/** The whole channel has no topic, as in the request. */
export function presentSubscription({ channel, topic, state, occurredAt, source }: Omit<SubscriptionJson, 'occurredAt'> & { occurredAt: string | Date }): object {
  return { channel, ...(topic === '' ? {} : { topic }), state, occurredAt: iso(occurredAt), ...(source === null ? {} : { source }) };
}

/** PostgreSQL writes times in JSON in its own form of ISO 8601; everywhere else they end in Z. */
function iso(time: string | Date): string {
  return new Date(time).toISOString();
}
