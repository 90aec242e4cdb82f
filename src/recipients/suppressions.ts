import { Injectable } from '@nestjs/common';
import { ApiDatabase, sqlFile } from '../platform/database/index.js';
import { toPage, type Page } from '../platform/http/index.js';
import { Addresses } from './addresses.js';

export interface Suppression {
  /** null for an erased person: only the hash is held. */
  email: string | null;
  reason: string;
  createdAt: Date;
}

type SuppressionRow = Suppression & { hash: Buffer };

const find = sqlFile<{ hash: Buffer }, SuppressionRow>(import.meta.url, './sql/find-suppression.sql');
const list = sqlFile<{ after: Buffer | null; limit: number }, SuppressionRow>(import.meta.url, './sql/list-suppressions.sql');
const remove = sqlFile<{ hashes: Buffer[] }, { removed: number }>(import.meta.url, './sql/remove-suppressions.sql');

/** Addresses that get nothing at all. */
@Injectable()
export class Suppressions {
  constructor(
    private readonly database: ApiDatabase,
    private readonly addresses: Addresses,
  ) {}

  /** Adds, then removes, both or neither. */
  async change(add: { email: string; reason: string }[], removals: string[]): Promise<{ added: number; removed: number }> {
    return this.database.transaction(async (tx) => {
      const added = add.length > 0 ? await this.addresses.suppressAll(tx, add) : 0;
      if (removals.length === 0) return { added, removed: 0 };
      const [row] = await tx.query(remove, { hashes: removals.map((email) => this.addresses.hash(email)) });
      return { added, removed: row!.removed };
    });
  }

  async find(email: string): Promise<Page<Suppression>> {
    const rows = await this.database.query(find, { hash: this.addresses.hash(email) });
    return { data: rows.map(present), nextCursor: null };
  }

  async list(after: Buffer | null, limit: number): Promise<Page<Suppression>> {
    const rows = await this.database.query(list, { after, limit: limit + 1 });
    const { data, nextCursor } = toPage(rows, limit, (row) => row.hash.toString('hex'));
    return { data: data.map(present), nextCursor };
  }
}

function present({ email, reason, createdAt }: SuppressionRow): Suppression {
  return { email, reason, createdAt };
}
