import { Injectable } from '@nestjs/common';
import { sqlFile, sqlState, type Queryable } from '../platform/database/index.js';

const ensure = sqlFile<{ month: string }>(import.meta.url, './sql/ensure-event-month.sql');

/** Months before this one share one partition: a log of 1997 must not make a table a month. */
const FIRST_MONTH = '2020-01-01';
const NO_PARTITION = '23514';

/** The monthly partitions of the raw events, made when the first event of a month comes. */
@Injectable()
export class EventMonths {
  private readonly known = new Set<string>();

  /** Before the transaction that stores, never in it: the partition's lock would last as long as the batch. */
  async ensure(on: Queryable, instants: Iterable<Date>): Promise<void> {
    const months = new Set<string>();
    for (const instant of instants) months.add(`${instant.toISOString().slice(0, 7)}-01`);
    for (const month of months) {
      if (month < FIRST_MONTH || this.known.has(month)) continue;
      await on.query(ensure, { month });
      this.known.add(month);
    }
  }

  /** Retention dropped a partition that this process thought to be there: forget what we know, and the caller tries once more. */
  forgetIfMissing(error: unknown): boolean {
    if (sqlState(error) !== NO_PARTITION || this.known.size === 0) return false;
    this.known.clear();
    return true;
  }
}
