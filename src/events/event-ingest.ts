import { Injectable } from '@nestjs/common';
import { requireOwnUser, type Caller } from '../platform/auth/index.js';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase, GroupCommit, type Database } from '../platform/database/index.js';
import type { RejectedRow } from '../platform/http/index.js';
import { firstKeptMonth } from '../platform/time/index.js';
import { SettingsService } from '../settings/index.js';
import { refusedToApp } from './app-key-rules.js';
import { parseEventRow, type EventInput } from './event-row.js';
import { EventStore, type Alongside, type EventLot } from './event-store.js';

export interface IngestResult {
  accepted: number;
  duplicates: number;
  rejected: RejectedRow[];
}

/** Requests of so few events are stored together; larger ones pay for a transaction of their own, several beside each other. */
const FEW = 10;

/** Takes events in: durable and counted before the answer, exactly once whatever is repeated. */
@Injectable()
export class EventIngest {
  private readonly group = new GroupCommit<EventLot, number>((lots) => this.storeLots(lots));

  constructor(
    private readonly database: ApiDatabase,
    private readonly settings: SettingsService,
    private readonly store: EventStore,
    private readonly clock: Clock,
  ) {}

  /** @throws Problem 403 for an app key without a user token, or one that sends nothing but another user's events. */
  async take(rows: readonly unknown[], caller: Caller): Promise<IngestResult> {
    const now = this.clock.now();
    const { events, rejected } = await this.read(rows, caller, now);
    const accepted = events.length === 0 ? 0 : await this.countNew({ events, seen: caller.scope === 'app' });
    return { accepted, duplicates: events.length - accepted, rejected };
  }

  private async countNew(lot: EventLot): Promise<number> {
    return lot.events.length <= FEW ? this.group.add(lot) : (await this.storeLots([lot]))[0]!;
  }

  private storeLots(lots: readonly EventLot[]): Promise<number[]> {
    return this.store.take(this.database, lots, { now: this.clock.now(), imported: false, keepFrom: null });
  }

  /**
   * Takes rows of a file in: they count like all others, are marked as imported and trigger nothing. What is older than the
   * retention counts without being kept raw. `alongside` runs in the same transaction, even where no row is good.
   */
  async import(database: Database, rows: readonly unknown[], alongside: Alongside<IngestResult>): Promise<IngestResult> {
    const now = this.clock.now();
    const { events, rejected } = readRows(rows, now);
    const keepFrom = firstKeptMonth(now, (await this.settings.get()).eventRetention);
    let result: IngestResult = { accepted: 0, duplicates: 0, rejected };
    await this.store.take(database, [{ events, seen: false }], { now, imported: true, keepFrom }, (tx, [counted]) => {
      result = { accepted: counted!, duplicates: events.length - counted!, rejected };
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
