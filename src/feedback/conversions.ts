import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { MessageRef } from '../delivery/index.js';
import { IngestHooks, type AcceptedEvent } from '../events/index.js';
import { Clock } from '../platform/clock/index.js';
import { WorkerDatabase, sqlFile, type Transaction } from '../platform/database/index.js';
import { Loops } from '../platform/loops/index.js';

/** An event that may be somebody's success; value in major units as decimal text. */
export type ConversionCandidate = Pick<AcceptedEvent, 'userId' | 'eventId' | 'name' | 'occurredAt' | 'value' | 'currency'>;

interface CreditParams {
  userIds: string[];
  eventIds: string[];
  names: string[];
  occurredAts: Date[];
  values: (string | null)[];
  currencies: (string | null)[];
  now: Date | null;
}

const listGoals = sqlFile<{ names: string[] }, { name: string }>(import.meta.url, './sql/list-conversion-goals.sql');
const lockUsers = sqlFile<{ userIds: string[] }>(import.meta.url, './sql/lock-conversions.sql');
const credit = sqlFile<CreditParams, { id: string }>(import.meta.url, './sql/credit-conversions.sql');
const inReach = sqlFile<{ months: string[]; userIds: string[]; ids: string[] }, ConversionCandidate>(
  import.meta.url, './sql/find-events-in-reach.sql');
const afterSettlement = sqlFile<{ since: Date }, ConversionCandidate>(import.meta.url, './sql/find-events-after-settlement.sql');
const readTime = sqlFile<{ now: Date | null }, { now: Date }>(import.meta.url, './sql/read-database-time.sql');

const BATCH = 1_000;
// A settlement's transaction stamps first and commits later; looking back this far sees every one of them.
const COMMIT_LAG_MS = 60_000;
// What a process that died may have left uncredited.
const FIRST_LOOK_BACK_MS = 24 * 3_600_000;

/** Credits conversions: with each accepted event, with each open or click, and after settlements that were late. */
@Injectable()
export class Conversions implements OnModuleInit {
  private lookedUntil?: Date;

  constructor(
    private readonly hooks: IngestHooks,
    private readonly loops: Loops,
    private readonly database: WorkerDatabase,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.hooks.register((tx, accepted) => this.creditAccepted(tx, accepted));
    this.loops.every('late-conversions', 2_000, () => this.creditAfterSettlements());
  }

  /** Within the transaction that stored the events. */
  async creditAccepted(tx: Transaction, accepted: readonly ConversionCandidate[]): Promise<void> {
    const names = [...new Set(accepted.map((event) => event.name))];
    if (names.length === 0) return;
    const goals = new Set((await tx.query(listGoals, { names })).map((row) => row.name));
    const events = accepted.filter((event) => goals.has(event.name));
    await this.lock(tx, events.map((event) => event.userId));
    await this.creditLocked(tx, events);
  }

  /** Takes the users' stripes; before the facts are written, so that facts and credit are locked in one order everywhere. */
  async lock(tx: Transaction, userIds: readonly string[]): Promise<void> {
    if (userIds.length > 0) await tx.query(lockUsers, { userIds: [...new Set(userIds)] });
  }

  /** After new opens or clicks of these messages, under `lock`. */
  async creditAgain(tx: Transaction, refs: readonly MessageRef[]): Promise<void> {
    if (refs.length === 0) return;
    const events = await tx.query(inReach, {
      months: refs.map((ref) => ref.month), userIds: refs.map((ref) => ref.userId), ids: refs.map((ref) => ref.id),
    });
    await this.creditLocked(tx, events);
  }

  private async creditAfterSettlements(): Promise<void> {
    const [{ now }] = (await this.database.query(readTime, { now: this.clock.forSql() })) as [{ now: Date }];
    const since = this.lookedUntil ?? new Date(now.getTime() - FIRST_LOOK_BACK_MS);
    const events = await this.database.query(afterSettlement, { since });
    for (let from = 0; from < events.length; from += BATCH) {
      const batch = events.slice(from, from + BATCH);
      await this.database.transaction(async (tx) => {
        await this.lock(tx, batch.map((event) => event.userId));
        await this.creditLocked(tx, batch);
      });
    }
    this.lookedUntil = new Date(now.getTime() - COMMIT_LAG_MS);
  }

  private async creditLocked(tx: Transaction, events: readonly ConversionCandidate[]): Promise<void> {
    if (events.length === 0) return;
    await tx.query(credit, {
      userIds: events.map((event) => event.userId), eventIds: events.map((event) => event.eventId), names: events.map((event) => event.name),
      occurredAts: events.map((event) => event.occurredAt), values: events.map((event) => event.value),
      currencies: events.map((event) => event.currency), now: this.clock.forSql(),
    });
  }
}
