import { Injectable } from '@nestjs/common';
import { ApiDatabase, sqlFile, type Transaction } from '../platform/database/index.js';

const insertMissing = sqlFile<{ userIds: string[]; now: Date }>(import.meta.url, './sql/insert-missing-users.sql');
const hold = sqlFile<{ userIds: string[] }, { id: string; userId: string }>(import.meta.url, './sql/hold-users.sql');
const holdIds = sqlFile<{ ids: string[] }, { id: string }>(import.meta.url, './sql/hold-users-by-id.sql');
const lock = sqlFile<{ ids: string[] }, { id: string }>(import.meta.url, './sql/lock-users.sql');
const find = sqlFile<{ userId: string }, { id: string }>(import.meta.url, './sql/find-user.sql');
const touch = sqlFile<{ ids: string[]; ats: Date[] }>(import.meta.url, './sql/touch-users.sql');

/**
 * The internal numbers of users. Whoever writes for users takes locks in this order and so never deadlocks:
 * users created and held → devices by token → users locked by id → tables keyed by the user → suppressions by hash.
 */
@Injectable()
export class Users {
  constructor(private readonly database: ApiDatabase) {}

  /**
   * Internal ids by client id; creates whom it does not know. They cannot be erased before the transaction ends.
   * @throws what `Database.transaction` answers with a new attempt, should one be erased at this very moment.
   */
  async ensure(tx: Transaction, userIds: readonly string[], now: Date): Promise<Map<string, string>> {
    const wanted = [...new Set(userIds)];
    const ids = new Map((await tx.query(hold, { userIds: wanted })).map((row) => [row.userId, row.id]));
    const missing = wanted.filter((userId) => !ids.has(userId));
    if (missing.length === 0) return ids;
    await tx.query(insertMissing, { userIds: missing, now });
    for (const row of await tx.query(hold, { userIds: missing })) ids.set(row.userId, row.id);
    if (ids.size < wanted.length) throw changedMeanwhile('a user was erased');
    return ids;
  }

  async find(userId: string): Promise<string | undefined> {
    const [row] = await this.database.query(find, { userId });
    return row?.id;
  }

  /** Those of the internal ids that still exist; they cannot be erased before the transaction ends. */
  async hold(tx: Transaction, ids: readonly string[]): Promise<Set<string>> {
    return new Set((await tx.query(holdIds, { ids: [...new Set(ids)] })).map((row) => row.id));
  }

  /** Locks users for writing, in the order that all writers keep. */
  async lock(tx: Transaction, ids: readonly string[]): Promise<void> {
    await tx.query(lock, { ids: [...ids] });
  }

  /** Moves the last sight of users (internal ids) forward, never back. */
  async touch(tx: Transaction, sights: readonly { readonly id: string; readonly at: Date }[]): Promise<void> {
    await tx.query(touch, { ids: sights.map(({ id }) => id), ats: sights.map(({ at }) => at) });
  }
}

/** Looks like a serialisation failure to `Database.transaction`, because it is one: the work starts anew on what is true now. */
export function changedMeanwhile(what: string): Error {
  return Object.assign(new Error(`${what} during the transaction`), { code: '40001' });
}
