/** The only source of the present. Tests inject a settable one; nothing else may read the system's clock. */
export abstract class Clock {
  abstract now(): Date;
  /** Milliseconds of a clock that never jumps: for ages and time-outs inside one process. */
  abstract monotonic(): number;
  /**
   * What to pass as `:now` to SQL: null in production, where the database's clock decides (taken after the lock); only a
   * test's clock overrides it.
   */
  forSql(): Date | null {
    return null;
  }
}

export class SystemClock extends Clock {
  now(): Date {
    return new Date();
  }
  monotonic(): number {
    return performance.now();
  }
}
