import { Injectable } from '@nestjs/common';
import { requireOwnUser, type Caller } from '../platform/auth/index.js';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase, sqlFile, type Transaction } from '../platform/database/index.js';
import type { RejectedRow } from '../platform/http/index.js';
import { Users } from '../recipients/index.js';
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
  userIds: string[];
  eventIds: string[];
  names: string[];
  times: string[];
  values: (string | null)[];
  currencies: (string | null)[];
  properties: (string | null)[];
  now: Date;
}

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
    const counted = unique.length > 0 ? await this.storeWithMonths(unique, caller, now) : 0;
    return { accepted: counted, duplicates: events.length - counted, rejected };
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

  private async storeWithMonths(events: readonly EventInput[], caller: Caller, now: Date): Promise<number> {
    for (let again = true; ; again = false) {
      await this.months.ensure(this.database, events.map((event) => event.occurredAt));
      try {
        return await this.database.transaction((tx) => this.store(tx, events, caller, now));
      } catch (error) {
        if (!again || !this.months.forgetIfMissing(error)) throw error;
      }
    }
  }

  private async store(tx: Transaction, events: readonly EventInput[], caller: Caller, now: Date): Promise<number> {
    const ids = await this.users.ensure(tx, events.map((event) => event.userId), now);
    const given = events.map((event) => toAccepted(event, ids.get(event.userId)!));
    const rows = await tx.query(store, { ...columns(given), properties: events.map((event) => event.properties), now });
    const accepted = rows.map(({ position }) => given[position - 1]!);
    if (accepted.length > 0) await this.hooks.run(tx, accepted);
    if (caller.scope === 'app' && accepted.length > 0) await this.users.touch(tx, [accepted[0]!.userId], latest(accepted, now));
    return accepted.length;
  }
}

/** First write wins inside a batch as everywhere. */
function firstOfEach(events: readonly EventInput[]): EventInput[] {
  const unique = new Map<string, EventInput>();
  for (const event of events) {
    const key = `${event.userId.length} ${event.userId}${event.eventId}`;
    if (!unique.has(key)) unique.set(key, event);
  }
  return [...unique.values()];
}

function toAccepted({ eventId, name, occurredAt, value, currency, properties }: EventInput, userId: string): AcceptedEvent {
  return { userId, eventId, name, occurredAt, value: value === null ? null : String(value), currency, properties };
}

function columns(events: readonly AcceptedEvent[]): Omit<StoreParams, 'properties' | 'now'> {
  return {
    userIds: events.map((event) => event.userId),
    eventIds: events.map((event) => event.eventId),
    names: events.map((event) => event.name),
    times: events.map((event) => event.occurredAt.toISOString()),
    values: events.map((event) => event.value),
    currencies: events.map((event) => event.currency),
  };
}

/** The user was last seen when the latest of them occurred, but never in the future: a phone's clock may be ahead. */
function latest(events: readonly AcceptedEvent[], now: Date): Date {
  return new Date(Math.min(now.getTime(), Math.max(...events.map((event) => event.occurredAt.getTime()))));
}
