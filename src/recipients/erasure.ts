import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ApiDatabase, WorkerDatabase, sqlFile, type Queryable, type Transaction } from '../platform/database/index.js';
import { notFound } from '../platform/errors/index.js';
import { Jobs } from '../platform/jobs/index.js';
import { Addresses, ERASED } from './addresses.js';
import { normaliseAddress } from './email.js';

const lockDevices = sqlFile<{ id: string }, { hash: Buffer }>(import.meta.url, './sql/lock-devices-of-user.sql');
const lockUser = sqlFile<{ userId: string }, { id: string; email: string | null; emailHash: Buffer | null }>(
  import.meta.url, './sql/lock-user-for-erasure.sql');
const eraseTraces = sqlFile<{ id: string; needles: string[]; addressNeedles: string[] }>(import.meta.url, './sql/erase-traces.sql');
const deleteUser = sqlFile<{ id: string }>(import.meta.url, './sql/delete-user.sql');

const JOB = 'erasure';

/**
 * Erasure: everything personal goes in one transaction, before the answer. The ledger keeps the internal number, which from then
 * on leads to nobody; the address stays suppressed by its keyed hash.
 */
@Injectable()
export class Erasure implements OnModuleInit {
  constructor(
    private readonly database: ApiDatabase,
    private readonly worker: WorkerDatabase,
    private readonly addresses: Addresses,
    private readonly jobs: Jobs,
  ) {}

  onModuleInit(): void {
    // The second sweep takes what was under way for the number while the user went: an open reported, a purchase credited.
    this.jobs.handle(JOB, async ({ id }: { id: string }) => {
      await sweep(this.worker, id);
      return { erased: true };
    });
  }

  /** @returns the id of the job that ends the erasure. @throws Problem 404 */
  async erase(userId: string): Promise<{ jobId: string }> {
    const jobId = await this.database.transaction(async (tx) => {
      const [user] = await tx.query(lockUser, { userId });
      if (!user) throw notFound('user');
      await tx.query(lockDevices, { id: user.id });
      return this.eraseLocked(tx, userId, user);
    });
    return { jobId };
  }

  private async eraseLocked(tx: Transaction, userId: string, user: { id: string; email: string | null; emailHash: Buffer | null }): Promise<string> {
    if (user.emailHash) await this.addresses.suppress(tx, user.emailHash, null, ERASED);
    await sweep(tx, user.id, quotesOf(userId, user.email), user.email === null ? [] : addressesInUrls(user.email));
    await tx.query(deleteUser, { id: user.id });
    // Only the number goes into the job: its row outlives the person.
    return this.jobs.enqueue(JOB, { id: user.id }, tx);
  }
}

async function sweep(on: Queryable, id: string, needles: string[] = [], addressNeedles: string[] = []): Promise<void> {
  await on.query(eraseTraces, { id, needles, addressNeedles });
}

/** How a stored answer may quote a person: as a JSON text, or inside the payload of a user token. */
function quotesOf(userId: string, email: string | null): string[] {
  const claims = Buffer.from(`{"sub":${JSON.stringify(userId)},`, 'utf8');
  // Base64 turns 3 bytes into 4 characters, so that only whole groups of the prefix are the same in every token.
  const inToken = claims.subarray(0, claims.length - (claims.length % 3)).toString('base64url');
  return [JSON.stringify(userId), inToken, ...(email === null ? [] : [JSON.stringify(email)])];
}

function addressesInUrls(email: string): string[] {
  const address = normaliseAddress(email);
  return [address, encodeURIComponent(address).toLowerCase()];
}
