import { Injectable } from '@nestjs/common';
import { jsonList, numberArray, sqlFile, type Database, type Transaction } from '../platform/database/index.js';
import { Users } from '../recipients/index.js';
import { EventMonths } from './event-months.js';
import type { EventInput } from './event-row.js';
import { IngestHooks, type AcceptedEvent } from './ingest-hooks.js';

/** The events of one request. */
export interface EventLot {
  readonly events: readonly EventInput[];
  /** An app key's events show that its user is there. */
  readonly seen: boolean;
}

/** How they are to be stored. */
export interface Storing {
  readonly now: Date;
  /** Loaded from a file: triggers nothing. */
  readonly imported: boolean;
  /** First month that is kept raw; older events only count. null keeps all. */
  readonly keepFrom: string | null;
}

/** What commits or fails together with them: the place an import has come to. */
export type Alongside<R> = (tx: Transaction, result: R) => Promise<void>;

interface StoreParams {
  userIds: string;
  eventIds: string[];
  names: string[];
  timesMs: string;
  values: string;
  currencies: (string | null)[];
  properties: string;
  imported: boolean;
  keepFrom: string | null;
  now: Date;
}

/** The events of lots that are stored together, each with the number of the lot that is answered for it. */
interface Unique {
  readonly events: readonly EventInput[];
  readonly lotOf: readonly number[];
}

const store = sqlFile<StoreParams, { position: number }>(import.meta.url, './sql/store-events.sql');

/** The one writer of events: each stored, counted and told to whom it concerns in one transaction, or not at all. */
@Injectable()
export class EventStore {
  constructor(
    private readonly users: Users,
    private readonly months: EventMonths,
    private readonly hooks: IngestHooks,
  ) {}

  /** In one transaction, with `alongside` also where no event is good. @returns of each lot, how many of its events were new */
  async take(database: Database, lots: readonly EventLot[], storing: Storing, alongside?: Alongside<number[]>): Promise<number[]> {
    const unique = firstOfEach(lots);
    const { events } = unique;
    if (events.length === 0 && !alongside) return lots.map(() => 0);
    const kept = storing.keepFrom === null ? events : events.filter(({ occurredAt }) => occurredAt >= new Date(storing.keepFrom!));
    for (let again = true; ; again = false) {
      await this.months.ensure(database, kept.map((event) => event.occurredAt));
      try {
        return await database.transaction(async (tx) => {
          const known = events.length > 0 ? await this.store(tx, unique, lots, storing) : new Set();
          const counted = lots.map(() => 0);
          unique.lotOf.forEach((lot, i) => known.has(i) || (counted[lot] = counted[lot]! + 1));
          await alongside?.(tx, counted);
          return counted;
        });
      } catch (error) {
        if (!again || !this.months.forgetIfMissing(error)) throw error;
      }
    }
  }

  /** @returns the positions of those that were known before */
  private async store(tx: Transaction, { events, lotOf }: Unique, lots: readonly EventLot[], { now, imported, keepFrom }: Storing): Promise<Set<number>> {
    const ids = await this.users.ensure(tx, events.map((event) => event.userId), now);
    const given = events.map((event) => toAccepted(event, ids.get(event.userId)!, imported));
    const duplicates = await tx.query(store, { ...columns(given), properties: jsonList(events.map((event) => event.properties)), imported, keepFrom, now });
    const known = new Set(duplicates.map(({ position }) => position - 1));
    const accepted = known.size === 0 ? given : given.filter((_, i) => !known.has(i));
    if (accepted.length > 0) await this.hooks.run(tx, accepted);
    const sights = given.filter((_, i) => lots[lotOf[i]!]!.seen && !known.has(i)).map(({ userId, occurredAt }) => ({ id: userId, at: notAfter(now, occurredAt) }));
    if (sights.length > 0) await this.users.touch(tx, sights);
    return known;
  }
}

/** First write wins inside a request, and between those that are stored together, as everywhere. */
function firstOfEach(lots: readonly EventLot[]): Unique {
  const all = lots.flatMap(({ events }) => events);
  const lotOf = lots.flatMap(({ events }, lot) => events.map(() => lot));
  if (new Set(all.map(({ eventId }) => eventId)).size === all.length) return { events: all, lotOf };
  const seen = new Set<string>();
  const first = all.map(({ userId, eventId }) => {
    const key = `${userId.length} ${userId}${eventId}`;
    return !seen.has(key) && seen.add(key);
  });
  return { events: all.filter((_, i) => first[i]), lotOf: lotOf.filter((_, i) => first[i]) };
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

/** Nobody is seen in the future: a phone's clock may be ahead. */
function notAfter(now: Date, instant: Date): Date {
  return instant < now ? instant : now;
}
