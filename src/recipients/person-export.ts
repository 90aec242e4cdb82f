import { Injectable } from '@nestjs/common';
import { ApiDatabase, sqlFile } from '../platform/database/index.js';
import { Profiles } from './profiles.js';

const PAGE = 1_000;

interface EventRow {
  month: string;
  eventId: string;
  name: string;
  occurredAt: Date;
  value: string | null;
  currency: string | null;
  properties: object | null;
  receivedAt: Date;
  imported: boolean;
}

const records = sqlFile<{ id: string }, Record<string, unknown>>(import.meta.url, './sql/export-records.sql');
const events = sqlFile<{ id: string; afterMonth: string | null; afterEventId: string | null; limit: number }, EventRow>(
  import.meta.url, './sql/export-events.sql');

/** All that is held on one user. */
@Injectable()
export class PersonExport {
  constructor(
    private readonly database: ApiDatabase,
    private readonly profiles: Profiles,
  ) {}

  /** One JSON object in pieces: events are unbounded and never stand in memory together. @throws Problem 404 before the first piece */
  async *stream(userId: string): AsyncGenerator<string> {
    const { id, profile } = await this.profiles.whole(userId);
    const [held] = await this.database.query(records, { id });
    yield `${JSON.stringify({ profile, ...held }).slice(0, -1)},"events":[`;
    let first = true;
    for await (const event of this.events(id)) {
      yield (first ? '' : ',') + JSON.stringify(event);
      first = false;
    }
    yield ']}';
  }

  private async *events(id: string): AsyncGenerator<object> {
    for (let last: EventRow | undefined; ;) {
      const rows: EventRow[] = await this.database.query(events, {
        id, afterMonth: last?.month ?? null, afterEventId: last?.eventId ?? null, limit: PAGE,
      });
      for (const { month: _, value, ...event } of rows) yield { ...event, value: value === null ? null : Number(value) };
      last = rows.at(-1);
      if (rows.length < PAGE) return;
    }
  }
}
