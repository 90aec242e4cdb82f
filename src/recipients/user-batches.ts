import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase, sqlFile, type Database, type Transaction } from '../platform/database/index.js';
import type { RejectedRow } from '../platform/http/index.js';
import { Addresses } from './addresses.js';
import { Consent } from './consent.js';
import { Devices } from './devices.js';
import { foldUsers, type FoldedBatch, type ProfilePatch } from './user-fold.js';
import { ATTRIBUTE_LIMIT_MESSAGE, MAX_ATTRIBUTES, MAX_ATTRIBUTE_BYTES, parseUserRow, type UserInput } from './user-row.js';
import { Users } from './users.js';

const merge = sqlFile<{ rows: string; now: Date; maxBytes: number; maxKeys: number }, { userId: string }>(
  import.meta.url, './sql/merge-users.sql');

export interface BatchResult {
  accepted: number;
  rejected: RejectedRow[];
}

/** What commits or fails together with a batch: the place an import has come to. */
type Alongside = (tx: Transaction, result: BatchResult) => Promise<void>;

interface Row {
  index: number;
  user: UserInput;
}

/** Thrown to roll back: only the stored attributes and the new ones together show that a row is too much. */
class AttributesExceeded extends Error {
  constructor(readonly userIds: ReadonlySet<string>) {
    super('attributes exceed their limits');
  }
}

/** Writes batches of users: each batch one transaction of a few statements, whatever its size. */
@Injectable()
export class UserBatches {
  constructor(
    private readonly database: ApiDatabase,
    private readonly users: Users,
    private readonly devices: Devices,
    private readonly consent: Consent,
    private readonly addresses: Addresses,
    private readonly clock: Clock,
  ) {}

  /** Stores every good row, in the order of the batch where rows meet, and says of every other why not. */
  store(given: readonly unknown[]): Promise<BatchResult> {
    return this.storeOn(this.database, given);
  }

  /** The same for rows of a file. `alongside` runs in the transaction that stores them, even where no row is good. */
  import(database: Database, given: readonly unknown[], alongside: Alongside): Promise<BatchResult> {
    return this.storeOn(database, given, alongside);
  }

  private async storeOn(database: Database, given: readonly unknown[], alongside?: Alongside): Promise<BatchResult> {
    const now = this.clock.now();
    const rejected: RejectedRow[] = [];
    let rows: Row[] = [];
    given.forEach((value, index) => {
      const parsed = parseUserRow(value, now);
      if (parsed.ok) rows.push({ index, user: parsed.user });
      else rejected.push({ index, ...(parsed.path ? { path: parsed.path } : {}), message: parsed.message });
    });
    for (;;) {
      const result = { accepted: rows.length, rejected: rejected.sort((a, b) => a.index - b.index) };
      const exceeded = await this.write(database, rows, now, alongside && ((tx) => alongside(tx, result)));
      if (exceeded.size === 0) return result;
      const surplus = lastWithAttributes(rows, exceeded);
      rows = rows.filter((row) => !surplus.has(row.index));
      rejected.push(...[...surplus].map((index) => ({ index, path: 'attributes', message: ATTRIBUTE_LIMIT_MESSAGE })));
    }
  }

  /** @returns the users whose attributes were too much; nothing was written then. */
  private async write(
    database: Database, rows: readonly Row[], now: Date, alongside?: (tx: Transaction) => Promise<void>,
  ): Promise<ReadonlySet<string>> {
    if (rows.length === 0 && !alongside) return new Set();
    const folded = foldUsers(rows.map((row) => row.user));
    try {
      await database.transaction(async (tx) => {
        if (rows.length > 0) await this.writeFolded(tx, folded, now);
        await alongside?.(tx);
      });
      return new Set();
    } catch (error) {
      if (error instanceof AttributesExceeded) return error.userIds;
      throw error;
    }
  }

  /** The order of the statements is the order of locks that `Users` sets out. */
  private async writeFolded(tx: Transaction, batch: FoldedBatch, now: Date): Promise<void> {
    const ids = await this.users.ensure(tx, batch.profiles.map((p) => p.userId), now);
    const id = (userId: string): string => ids.get(userId)!;
    const registrations = batch.devices.map(({ userId, device }) => ({ userId: id(userId), device }));
    const touched = await this.devices.register(tx, registrations, now);
    const changed = batch.profiles.filter(saysSomething);
    await this.users.lock(tx, [...new Set([...changed.map((p) => id(p.userId)), ...touched])]);
    await this.mergeProfiles(tx, changed.map((p) => this.toRow(id(p.userId), p)), now);
    await this.devices.follow(tx, touched, now);
    await this.consent.recordImported(tx, batch.subscriptions.map(({ userId, subscription }) => ({
      ...subscription, userId: id(userId), occurredAt: subscription.occurredAt ?? now, source: subscription.source ?? null,
    })));
  }

  private async mergeProfiles(tx: Transaction, rows: object[], now: Date): Promise<void> {
    if (rows.length === 0) return;
    const limits = { maxBytes: MAX_ATTRIBUTE_BYTES, maxKeys: MAX_ATTRIBUTES };
    const exceeded = await tx.query(merge, { rows: JSON.stringify(rows), now, ...limits });
    if (exceeded.length > 0) throw new AttributesExceeded(new Set(exceeded.map((row) => row.userId)));
  }

  private toRow(id: string, { email, timezone, locale, createdAt, attributes }: ProfilePatch): object {
    return {
      id, email, timezone, locale, createdAt,
      emailGiven: email !== undefined,
      emailHash: email ? this.addresses.hash(email).toString('hex') : null,
      timezoneGiven: timezone !== undefined,
      localeGiven: locale !== undefined,
      attributesReset: attributes?.reset ?? false,
      attributesRemoved: attributes?.removed ?? [],
      attributesSet: attributes?.set ?? null,
    };
  }
}

function saysSomething({ userId: _, ...changes }: ProfilePatch): boolean {
  return Object.values(changes).some((value) => value !== undefined);
}

/** Of each user the latest row that sets attributes: the earlier ones may still fit. */
function lastWithAttributes(rows: readonly Row[], userIds: ReadonlySet<string>): ReadonlySet<number> {
  const last = new Map<string, number>();
  for (const { index, user } of rows) if (userIds.has(user.userId) && user.attributes) last.set(user.userId, index);
  return new Set(last.values());
}
