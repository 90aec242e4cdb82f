import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { sqlFile, type Transaction } from '../platform/database/index.js';

const credit = sqlFile<{ userIds: string[]; now: Date | null }>(import.meta.url, './sql/credit-unlinked-opt-outs.sql');

/** Which message an opt-out that names none is credited to; always reckoned from all that is known of the person, never carried on. */
@Injectable()
export class OptOutCredit {
  constructor(private readonly clock: Clock) {}

  /** After new wishes of these users (internal ids), or news of whether a message left; under the stripes of their conversions. */
  async creditAgain(tx: Transaction, userIds: readonly string[]): Promise<void> {
    if (userIds.length > 0) await tx.query(credit, { userIds: [...new Set(userIds)], now: this.clock.forSql() });
  }
}
