import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Installation } from '../platform/auth/index.js';
import { Clock } from '../platform/clock/index.js';
import { sqlFile, type Queryable } from '../platform/database/index.js';
import { normaliseAddress } from './email.js';

/** The reason that only an erasure gives, and that only the person's own fresh `subscribed` lifts. */
export const ERASED = 'erased';

const add = sqlFile<{ hashes: Buffer[]; emails: (string | null)[]; reasons: string[]; now: Date }, { added: number }>(
  import.meta.url, './sql/add-suppressions.sql');
const erased = sqlFile<{ hash: Buffer; now: Date }>(import.meta.url, './sql/suppress-erased-address.sql');
const findSoftBounced = sqlFile<{ hashes: Buffer[]; now: Date }, { email: string | null; emailHash: Buffer }>(
  import.meta.url, './sql/find-soft-bounced-addresses.sql');

/** Mail addresses as the database knows them: by a keyed hash that outlives the address itself. */
@Injectable()
export class Addresses {
  private key?: Buffer;

  constructor(
    private readonly installation: Installation,
    private readonly clock: Clock,
  ) {}

  /** HMAC-SHA256 over the normalised address under the installation's own key: without it nobody can test an address. */
  hash(email: string): Buffer {
    this.key ??= this.installation.key('address');
    return createHmac('sha256', this.key).update(normaliseAddress(email)).digest();
  }

  /** Suppresses one address for everything; `email` null keeps only the hash. */
  async suppress(on: Queryable, hash: Buffer, email: string | null, reason: string): Promise<void> {
    const now = this.clock.now();
    if (reason === ERASED) await on.query(erased, { hash, now });
    else await on.query(add, { hashes: [hash], emails: [email], reasons: [reason], now });
  }

  /** Suppresses addresses known by their hashes; of one that is named twice the later reason holds. Never for erasures. */
  async suppressHashes(on: Queryable, list: readonly { hash: Buffer; email: string | null; reason: string }[]): Promise<void> {
    if (list.length === 0) return;
    // One statement cannot write a row twice.
    const entries = [...new Map(list.map((entry) => [entry.hash.toString('hex'), entry])).values()];
    await on.query(add, {
      hashes: entries.map(({ hash }) => hash), emails: entries.map(({ email }) => email), reasons: entries.map(({ reason }) => reason), now: this.clock.now(),
    });
  }

  /** Suppresses those of the addresses whose soft bounces do not end; the bounces are in the table already. */
  async suppressBouncing(on: Queryable, hashes: Buffer[]): Promise<void> {
    const dead = await on.query(findSoftBounced, { hashes, now: this.clock.now() });
    await this.suppressHashes(on, dead.map(({ email, emailHash }) => ({ email, hash: emailHash, reason: 'soft_bounces' })));
  }

  /** @returns how many were not suppressed before. */
  async suppressAll(on: Queryable, list: readonly { email: string; reason: string }[]): Promise<number> {
    // The same address twice: the later reason, because one statement cannot write a row twice.
    const byHash = new Map(list.map((entry) => [this.hash(entry.email).toString('hex'), entry]));
    const entries = [...byHash.values()];
    const [row] = await on.query(add, {
      hashes: [...byHash.keys()].map((hex) => Buffer.from(hex, 'hex')),
      emails: entries.map((entry) => entry.email),
      reasons: entries.map((entry) => entry.reason),
      now: this.clock.now(),
    });
    return row!.added;
  }
}
