import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/index.js';
import { Config } from '../config/index.js';
import { ApiDatabase, sqlFile } from '../database/index.js';
import { notFound } from '../errors/index.js';
import { Random } from '../random/index.js';
import type { Caller, Scope } from './caller.js';

export interface KeyRow {
  id: string;
  name: string;
  scope: Scope;
  prefix: string;
  createdAt: Date;
  lastUsedAt: Date | null;
}

const find = sqlFile<{ hash: Buffer }, { id: string; scope: Scope }>(import.meta.url, './sql/find-key.sql');
const insert = sqlFile<{ name: string; scope: Scope; prefix: string; hash: Buffer }, KeyRow>(import.meta.url, './sql/insert-key.sql');
const list = sqlFile<{ after: string | null; limit: number }, KeyRow>(import.meta.url, './sql/list-keys.sql');
const revoke = sqlFile<{ id: string }, { id: string }>(import.meta.url, './sql/revoke-key.sql');
const countAdmins = sqlFile<object, { n: number }>(import.meta.url, './sql/count-admin-keys.sql');

// Long enough to spare a look-up per request, short enough that a revoked key is dead within the promised 5 s.
const CACHE_MS = 2_000;
const BOOTSTRAP_ID = 'bootstrap';
const BEARER = 'Bearer ';

/** API keys: 192 bits of chance, shown once, stored as SHA-256 (a fast hash is right for high entropy). */
@Injectable()
export class KeyRing {
  private readonly cache = new Map<string, { caller: Caller; until: number }>();
  private readonly admin: Buffer | undefined;

  constructor(
    private readonly database: ApiDatabase,
    private readonly config: Config,
    private readonly random: Random,
    private readonly clock: Clock,
  ) {
    const { ADMIN_API_KEY } = config.env;
    this.admin = ADMIN_API_KEY === undefined ? undefined : digest(ADMIN_API_KEY);
  }

  async find(secret: string): Promise<Caller | undefined> {
    const hash = digest(secret);
    if (this.isBootstrap(hash)) return { keyId: BOOTSTRAP_ID, scope: 'admin' };
    const id = hash.toString('base64');
    const known = this.cached(id);
    if (known) return known;
    const [row] = await this.database.query(find, { hash });
    if (!row) {
      this.cache.delete(id);
      return undefined;
    }
    const caller: Caller = { keyId: row.id, scope: row.scope };
    this.cache.set(id, { caller, until: this.clock.monotonic() + CACHE_MS });
    return caller;
  }

  /** Whose key an Authorization header carries, if it was looked up so lately that a revocation would not be missed; else undefined. */
  seenLately(authorization: string | undefined): Caller | undefined {
    const secret = authorization?.startsWith(BEARER) ? authorization.slice(BEARER.length) : '';
    return this.cached(digest(secret).toString('base64'));
  }

  private cached(id: string): Caller | undefined {
    const known = this.cache.get(id);
    return known && known.until > this.clock.monotonic() ? known.caller : undefined;
  }

  async create(name: string, scope: Scope): Promise<KeyRow & { key: string }> {
    const key = `rp_${scope}_${this.random.bytes(24).toString('base64url')}`;
    const [row] = await this.database.query(insert, { name, scope, prefix: key.slice(0, scope.length + 8), hash: digest(key) });
    return { ...row!, key };
  }

  list(after: string | null, limit: number): Promise<KeyRow[]> {
    return this.database.query(list, { after, limit });
  }

  async revoke(id: string): Promise<void> {
    const rows = /^\d{1,18}$/.test(id) ? await this.database.query(revoke, { id }) : [];
    if (rows.length === 0) throw notFound('key');
    this.cache.clear();
  }

  /** At a first start without ADMIN_API_KEY: one admin key, returned once. */
  async bootstrap(): Promise<string | undefined> {
    if (this.config.env.ADMIN_API_KEY) return undefined;
    const [row] = await this.database.query(countAdmins, {});
    return row!.n > 0 ? undefined : (await this.create('first start', 'admin')).key;
  }

  private isBootstrap(hash: Buffer): boolean {
    return this.admin !== undefined && timingSafeEqual(hash, this.admin);
  }
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
