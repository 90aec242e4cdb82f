import { Injectable } from '@nestjs/common';
import { requireOwnUser, type Caller } from '../platform/auth/index.js';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase, numberArray, sqlFile, type Database, type Transaction } from '../platform/database/index.js';
import type { RejectedRow } from '../platform/http/index.js';
import { Users } from '../recipients/index.js';
import { firstKeptMonth } from '../platform/time/index.js';
import { SettingsService } from '../settings/index.js';
import { refusedToApp } from './app-key-rules.js';
import { EventMonths } from './event-months.js';
import { parseEventRow, type EventInput } from './event-row.js';
import { IngestHooks, type AcceptedEvent } from './ingest-hooks.js';

export interface IngestResult {
  accepted: number;
  duplicates: number;
  rejected: RejectedRow[];
}

interface StoreParams {
  userIds: string;
  eventIds: string[];
  names: string[];
  timesMs: string;
  values: string;
  currencies: (string | null)[];
  properties: (string | null)[];
  imported: boolean;
  keepFrom: string | null;
  now: Date;
}

/** How a batch is to be stored. */
interface Storing {
  now: Date;
  /** An app key's events show that its user is there. */
  seen: boolean;
  /** Loaded from a file: triggers nothing. */
  imported: boolean;
  /** First month that is kept raw; older events only count. null keeps all. */
  keepFrom: string | null;
}

/** What commits or fails together with a batch: the place an import has come to. */
export type Alongside<R> = (tx: Transaction, result: R) => Promise<void>;

const store = sqlFile<StoreParams, { position: number }>(import.meta.url, './sql/store-events.sql');

/** Takes batches of events in: durable and counted before the answer, exactly once whatever is repeated. */
@Injectable()
export class EventIngest {
  constructor(
    private readonly database: ApiDatabase,
    private readonly users: Users,
    private readonly settings: SettingsService,
    private readonly months: EventMonths,
    private readonly hooks: IngestHooks,
    private readonly clock: Clock,
  ) {}

  /** @throws Problem 403 for an app key without a user token, or one that sends nothing but another user's events. */
  async take(rows: readonly unknown[], caller: Caller): Promise<IngestResult> {
    const now = this.clock.now();
    const { events, rejected } = await this.read(rows, caller, now);
    const unique = firstOfEach(events);
    const storing = { now, seen: caller.scope === 'app', imported: false, keepFrom: null };
    const counted = unique.length > 0 ? await this.storeWithMonths(this.database, unique, storing) : 0;
    return { accepted: counted, duplicates: events.length - counted, rejected };
  }

  /**
   * Takes rows of a file in: they count like all others, are marked as imported and trigger nothing. What is older than the
   * retention counts without being kept raw. `alongside` runs in the same transaction, even where no row is good.
   */
  async import(database: Database, rows: readonly unknown[], alongside: Alongside<IngestResult>): Promise<IngestResult> {
    const now = this.clock.now();
    const { events, rejected } = readRows(rows, now);
    const unique = firstOfEach(events);
    const keepFrom = firstKeptMonth(now, (await this.settings.get()).eventRetention);
    let result: IngestResult = { accepted: 0, duplicates: 0, rejected };
    await this.storeWithMonths(database, unique, { now, seen: false, imported: true, keepFrom }, (tx, counted) => {
      result = { accepted: counted, duplicates: events.length - counted, rejected };
      return alongside(tx, result);
    });
    return result;
  }

  private async read(rows: readonly unknown[], caller: Caller, now: Date): Promise<{ events: EventInput[]; rejected: RejectedRow[] }> {
    const purchaseEvent = (await this.settings.get()).purchaseEvent;
    if (caller.scope === 'app') requireOwnUser(caller, caller.userId ?? '');
    const events: EventInput[] = [];
    const rejected: RejectedRow[] = [];
    let stranger: string | undefined;
    rows.forEach((row, index) => {
      const parsed = parseEventRow(row, now);
      const refusal = parsed.ok && caller.scope === 'app' ? refusedToApp(parsed.event, caller.userId!, purchaseEvent) : undefined;
      if (!parsed.ok) rejected.push({ index, ...(parsed.path ? { path: parsed.path } : {}), message: parsed.message });
      else if (refusal) rejected.push({ index, ...refusal });
      else events.push(parsed.event);
      if (parsed.ok && refusal?.path === 'userId') stranger ??= parsed.event.userId;
    });
    // Where no row can be taken, nothing good is lost by the plain answer to reaching for another's data.
    if (stranger !== undefined && events.length === 0) requireOwnUser(caller, stranger);
    return { events, rejected };
  }

  private async storeWithMonths(
    database: Database, events: readonly EventInput[], storing: Storing, alongside?: Alongside<number>,
  ): Promise<number> {
    const kept = events.filter(({ occurredAt }) => storing.keepFrom === null || occurredAt >= new Date(storing.keepFrom));
    for (let again = true; ; again = false) {
      await this.months.ensure(database, kept.map((event) => event.occurredAt));
      try {
        return await database.transaction(async (tx) => {
          const counted = events.length > 0 ? await this.store(tx, events, storing) : 0;
          await alongside?.(tx, counted);
          return counted;
        });
      } catch (error) {
        if (!again || !this.months.forgetIfMissing(error)) throw error;
      }
    }
  }

  private async store(tx: Transaction, events: readonly EventInput[], { now, seen, imported, keepFrom }: Storing): Promise<number> {
    const ids = await this.users.ensure(tx, events.map((event) => event.userId), now);
    const given = events.map((event) => toAccepted(event, ids.get(event.userId)!, imported));
    const duplicates = await tx.query(store, { ...columns(given), properties: events.map((event) => event.properties), imported, keepFrom, now });
    const known = new Set(duplicates.map(({ position }) => position));
    const accepted = known.size === 0 ? given : given.filter((_, i) => !known.has(i + 1));
    if (accepted.length > 0) await this.hooks.run(tx, accepted);
    if (seen && accepted.length > 0) await this.users.touch(tx, [accepted[0]!.userId], latest(accepted, now));
    return accepted.length;
  }
}

function readRows(rows: readonly unknown[], now: Date): { events: EventInput[]; rejected: RejectedRow[] } {
  const events: EventInput[] = [];
  const rejected: RejectedRow[] = [];
  rows.forEach((row, index) => {
    const parsed = parseEventRow(row, now);
    if (parsed.ok) events.push(parsed.event);
    else rejected.push({ index, ...(parsed.path ? { path: parsed.path } : {}), message: parsed.message });
  });
  return { events, rejected };
}

/** First write wins inside a batch as everywhere. */
function firstOfEach(events: readonly EventInput[]): readonly EventInput[] {
  if (new Set(events.map(({ eventId }) => eventId)).size === events.length) return events;
  const unique = new Map<string, EventInput>();
  for (const event of events) {
    const key = `${event.userId.length} ${event.userId}${event.eventId}`;
    if (!unique.has(key)) unique.set(key, event);
  }
  return [...unique.values()];
}

function toAccepted({ eventId, name, occurredAt, value, currency, properties }: EventInput, userId: string, imported: boolean): AcceptedEvent {
  return { userId, eventId, name, occurredAt, value: value === null ? null : String(value), currency, properties, ...(imported ? { imported } : {}) };
}

function columns(events: readonly AcceptedEvent[]): Omit<StoreParams, 'properties' | 'imported' | 'keepFrom' | 'now'> {
  return {
    userIds: numberArray(events.map((event) => event.userId)),
    eventIds: events.map((event) => event.eventId),
    names: events.map((event) => event.name),
    timesMs: numberArray(events.map((event) => event.occurredAt.getTime())),
    values: numberArray(events.map((event) => event.value)),
    currencies: events.map((event) => event.currency),
  };
}

/** The user was last seen when the latest of them occurred, but never in the future: a phone's clock may be ahead. */
function latest(events: readonly AcceptedEvent[], now: Date): Date {
  return new Date(Math.min(now.getTime(), Math.max(...events.map((event) => event.occurredAt.getTime()))));
}
