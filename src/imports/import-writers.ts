import { Injectable } from '@nestjs/common';
import { EventIngest } from '../events/index.js';
import { Clock } from '../platform/clock/index.js';
import { WorkerDatabase, type Database, type Transaction } from '../platform/database/index.js';
import { Problem } from '../platform/errors/index.js';
import { rowFault, type RejectedRow } from '../platform/http/index.js';
import { Addresses, ERASED, UserBatches, isMailAddress } from '../recipients/index.js';
import { SettingsService } from '../settings/index.js';
import { importSql, type ImportRow } from './import-store.js';
import { toPurchase, transactionPath } from './transaction-row.js';

export interface Written {
  accepted: number;
  duplicates: number;
  rejected: RejectedRow[];
}

export interface NumberedRow {
  /** Place in the file, from 1. */
  record: number;
  row: unknown;
}

/** Runs in the transaction that stores the rows, always and once. */
export type Done = (tx: Transaction, written: Written) => Promise<void>;

const MAX_REASON = 200;
const DEFAULT_REASON = 'imported';

/** Stores the rows of files, through the checks and statements that the batch routes use. */
@Injectable()
export class ImportWriters {
  private readonly database: Database;

  constructor(
    database: WorkerDatabase,
    private readonly users: UserBatches,
    private readonly events: EventIngest,
    private readonly addresses: Addresses,
    private readonly settings: SettingsService,
    private readonly clock: Clock,
  ) {
    this.database = marking(database);
  }

  async write(of: ImportRow, rows: readonly NumberedRow[], done: Done): Promise<void> {
    const bare = rows.map(({ row }) => row);
    switch (of.type) {
      case 'users':
        await this.users.import(this.database, bare, (tx, result) => done(tx, { ...result, duplicates: 0 }));
        return;
      case 'events':
        await this.events.import(this.database, bare, done);
        return;
      case 'transactions':
        return this.writeTransactions(of, rows, done);
      case 'segment-members':
        return this.writeMembers(of, bare, done);
      case 'suppressions':
        return this.writeSuppressions(bare, done);
    }
  }

  private async writeTransactions({ fileHash }: ImportRow, rows: readonly NumberedRow[], done: Done): Promise<void> {
    const { purchaseEvent } = await this.settings.get();
    const purchases = rows.map(({ row, record }) => toPurchase(row, { purchaseEvent, fileHash: fileHash!, record }));
    await this.events.import(this.database, purchases, (tx, result) => done(tx, {
      ...result, rejected: result.rejected.map(({ index, path, message }) => ({ index, path: transactionPath(path), message }) as RejectedRow),
    }));
  }

  private async writeMembers({ segmentId }: ImportRow, rows: readonly unknown[], done: Done): Promise<void> {
    if (segmentId === null) throw new Problem(409, 'The segment was deleted.');
    const { good, rejected } = sort(rows, memberFault);
    const userIds = good.map(({ row }) => (row as { userId: string }).userId);
    await this.database.transaction(async (tx) => {
      await tx.query(importSql.lockSegment, { id: segmentId });
      const [found] = await tx.query(importSql.addMembers, { id: segmentId, userIds, now: this.clock.now() });
      const unknown = new Set(found!.unknown);
      const strangers = good.filter((_, i) => unknown.has(userIds[i]!)).map(({ index }) => ({ index, path: 'userId', message: 'there is no such user' }));
      await done(tx, { accepted: found!.added, duplicates: good.length - strangers.length - found!.added, rejected: [...rejected, ...strangers] });
    });
  }

  private async writeSuppressions(rows: readonly unknown[], done: Done): Promise<void> {
    const { good, rejected } = sort(rows, suppressionFault);
    const list = good.map(({ row }) => ({ reason: DEFAULT_REASON, ...(row as { email: string; reason?: string }) }));
    await this.database.transaction(async (tx) => {
      const added = list.length > 0 ? await this.addresses.suppressAll(tx, list) : 0;
      await done(tx, { accepted: added, duplicates: list.length - added, rejected });
    });
  }
}

/** The same database, whose transactions say of all that they change that it was imported. */
function marking(database: Database): Database {
  const transaction = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => database.transaction(async (tx) => {
    await tx.query(importSql.markAsImported, {});
    return work(tx);
  });
  return Object.assign(Object.create(database) as Database, { transaction });
}

type Fault = { path?: string; message: string } | undefined;

function sort(rows: readonly unknown[], faultOf: (row: Record<string, unknown>) => Fault): { good: { index: number; row: unknown }[]; rejected: RejectedRow[] } {
  const good: { index: number; row: unknown }[] = [];
  const rejected: RejectedRow[] = [];
  rows.forEach((row, index) => {
    const fault = rowFault(row) ?? faultOf(row as Record<string, unknown>);
    if (fault) rejected.push({ index, ...fault });
    else good.push({ index, row });
  });
  return { good, rejected };
}

function unknownField(row: Record<string, unknown>, known: readonly string[]): Fault {
  const field = Object.keys(row).find((key) => !known.includes(key));
  return field === undefined ? undefined : { path: field, message: `property ${field} should not exist` };
}

function isText(value: unknown, max: number): boolean {
  return typeof value === 'string' && value.length >= 1 && value.length <= max;
}

function memberFault(row: Record<string, unknown>): Fault {
  if (!isText(row.userId, 255)) return { path: 'userId', message: 'must be a text of 1 to 255 characters' };
  return unknownField(row, ['userId']);
}

function suppressionFault(row: Record<string, unknown>): Fault {
  if (typeof row.email !== 'string' || !isMailAddress(row.email)) return { path: 'email', message: 'must be a mail address' };
  if (row.reason !== undefined && !isText(row.reason, MAX_REASON)) return { path: 'reason', message: `must be a text of 1 to ${MAX_REASON} characters` };
  if (row.reason === ERASED) return { path: 'reason', message: `${ERASED} is given by an erasure only` };
  return unknownField(row, ['email', 'reason']);
}
