import { Clock } from '../../src/platform/clock/index.js';

/** A clock that stands still until it is told, for the application and, as `:now`, for its SQL. */
export class FakeClock extends Clock {
  private current: Date;

  /** @param start an instant as ISO 8601 */
  constructor(start: string | Date = '2026-03-02T12:00:00Z') {
    super();
    this.current = FakeClock.instant(start);
  }

  now(): Date {
    return new Date(this.current);
  }

  monotonic(): number {
    return this.current.getTime();
  }

  override forSql(): Date {
    return this.now();
  }

  set(instant: string | Date): void {
    this.current = FakeClock.instant(instant);
  }

  advance({ days = 0, hours = 0, minutes = 0, seconds = 0, ms = 0 }: Partial<Record<'days' | 'hours' | 'minutes' | 'seconds' | 'ms', number>>): void {
    const total = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + ms;
    this.current = new Date(this.current.getTime() + total);
  }

  private static instant(value: string | Date): Date {
    const parsed = new Date(value);
    if (Number.isNaN(parsed.getTime())) throw new Error(`not an instant: ${String(value)}`);
    return parsed;
  }
}
