import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ApiDatabase, sqlFile } from '../database/index.js';
import { Random } from '../random/index.js';

const claim = sqlFile<{ secret: Buffer }, { secret: Buffer }>(import.meta.url, './sql/claim-installation-secret.sql');

/**
 * The database's own secret, made at the first start. Purposes get keys derived from it, so that one key leaked does not open
 * another door. It lives with the data because what it keys (suppressed addresses, message ids) does.
 */
@Injectable()
export class Installation {
  private secret?: Buffer;

  constructor(
    private readonly database: ApiDatabase,
    private readonly random: Random,
  ) {}

  async load(): Promise<void> {
    const [row] = await this.database.query(claim, { secret: this.random.bytes(32) });
    this.secret = row!.secret;
  }

  /** A 32-byte key for one purpose. @throws if called before `load`. */
  key(purpose: string): Buffer {
    if (!this.secret) throw new Error('the installation secret is not loaded yet');
    return createHmac('sha256', this.secret).update(purpose).digest();
  }
}
