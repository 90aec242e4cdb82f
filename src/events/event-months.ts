import { Injectable } from '@nestjs/common';
import { sqlFile, sqlState, type Queryable } from '../platform/database/index.js';

const ensure = sqlFile<{ month: string }>(import.meta.url, './sql/ensure-event-month.sql');

/** Months before this one share one partition: a log of 1997 must not make a table a month. */
const FIRST_MONTH = '2020-01-01';
const NO_PARTITION = '23514';

/** The monthly partitions of the raw events, made when the first event of a month comes. */
@Injectable()
export class EventMonths {
  /** By the number of the month since the year 0: a batch has a thousand instants, and to write each out took a tenth of its time. */
  private readonly known = new Set<number>();

  /** Before the transaction that stores, never in it: the partition's lock would last as long as the batch. */
  async ensure(on: Queryable, instants: Iterable<Date>): Promise<void> {
    const missing = new Map<number, Date>();
    for (const instant of instants) {
      const month = instant.getUTCFullYear() * 12 + instant.getUTCMonth();
      if (!this.known.has(month)) missing.set(month, instant);
    }
    for (const [number, instant] of missing) {
      const month = `${instant.toISOString().slice(0, 7)}-01`;
      if (month >= FIRST_MONTH) await on.query(ensure, { month });
      this.known.add(number);
    }
  }

  /** Retention dropped a partition that this process thought to be there: forget what we know, and the caller tries once more. */
  forgetIfMissing(error: unknown): boolean {
    if (sqlState(error) !== NO_PARTITION || this.known.size === 0) return false;
    this.known.clear();
    return true;
  }
}
