import { Injectable } from '@nestjs/common';
import { sqlFile, type Database, type Transaction } from '../platform/database/index.js';
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
  userIds: string[];
  eventIds: string[];
  names: string[];
  times: string[];
  values: (string | null)[];
  currencies: (string | null)[];
  properties: (string | null)[];
  imported: boolean;
  keepFrom: string | null;
  now: Date;
}

/** An event and the lot that is answered for it. */
interface Given extends EventInput {
  readonly lot: number;
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
    const events = firstOfEach(lots);
    if (events.length === 0 && !alongside) return lots.map(() => 0);
    const kept = events.filter(({ occurredAt }) => storing.keepFrom === null || occurredAt >= new Date(storing.keepFrom));
    for (let again = true; ; again = false) {
      await this.months.ensure(database, kept.map((event) => event.occurredAt));
      try {
        return await database.transaction(async (tx) => {
          const fresh = events.length > 0 ? await this.store(tx, events, lots, storing) : [];
          const counted = lots.map(() => 0);
          for (const { lot } of fresh) counted[lot] = counted[lot]! + 1;
          await alongside?.(tx, counted);
          return counted;
        });
      } catch (error) {
        if (!again || !this.months.forgetIfMissing(error)) throw error;
      }
    }
  }

  /** @returns those that were new */
  private async store(tx: Transaction, events: readonly Given[], lots: readonly EventLot[], { now, imported, keepFrom }: Storing): Promise<Given[]> {
    const ids = await this.users.ensure(tx, events.map((event) => event.userId), now);
    const given = events.map((event) => toAccepted(event, ids.get(event.userId)!, imported));
    const duplicates = await tx.query(store, { ...columns(given), properties: events.map((event) => event.properties), imported, keepFrom, now });
    const known = new Set(duplicates.map(({ position }) => position));
    const isNew = (_: unknown, i: number): boolean => !known.has(i + 1);
    const accepted = given.filter(isNew);
    if (accepted.length > 0) await this.hooks.run(tx, accepted);
    const fresh = events.filter(isNew);
    const sights = fresh.filter(({ lot }) => lots[lot]!.seen).map(({ userId, occurredAt }) => ({ id: ids.get(userId)!, at: notAfter(now, occurredAt) }));
    if (sights.length > 0) await this.users.touch(tx, sights);
    return fresh;
  }
}

/** First write wins inside a request, and between those that are stored together, as everywhere. */
function firstOfEach(lots: readonly EventLot[]): Given[] {
  const unique = new Map<string, Given>();
  lots.forEach(({ events }, lot) => {
    for (const event of events) {
      const key = `${event.userId.length} ${event.userId}${event.eventId}`;
      if (!unique.has(key)) unique.set(key, { ...event, lot });
    }
  });
  return [...unique.values()];
}

function toAccepted({ eventId, name, occurredAt, value, currency, properties }: EventInput, userId: string, imported: boolean): AcceptedEvent {
  return { userId, eventId, name, occurredAt, value: value === null ? null : String(value), currency, properties, ...(imported ? { imported } : {}) };
}

function columns(events: readonly AcceptedEvent[]): Omit<StoreParams, 'properties' | 'imported' | 'keepFrom' | 'now'> {
  return {
    userIds: events.map((event) => event.userId),
    eventIds: events.map((event) => event.eventId),
    names: events.map((event) => event.name),
    times: events.map((event) => event.occurredAt.toISOString()),
    values: events.map((event) => event.value),
    currencies: events.map((event) => event.currency),
  };
}

/** Nobody is seen in the future: a phone's clock may be ahead. */
function notAfter(now: Date, instant: Date): Date {
  return instant < now ? instant : now;
}
