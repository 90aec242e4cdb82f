import { Logger } from '@nestjs/common';
import type { Clock } from '../clock/index.js';
import { firstKeptMonth } from '../time/index.js';
import type { Loops } from './loops.js';

const LOOK_EVERY_MS = 30 * 60_000;
/** UTC, after the nightly refresh of the scores. */
const NIGHT_HOUR = 3;

export interface MonthSweep {
  /** Of the loop, and of its lines in the log. */
  readonly name: string;
  /** Of what the months are, for the log. */
  readonly what: string;
  /** How long it is kept: an ISO 8601 duration, asked for at each round. */
  readonly retention: () => Promise<string>;
  /** Drops whole months before the first day of one. @returns how many partitions went */
  readonly drop: (before: string) => Promise<number>;
}

/** Drops, each night, the months of which the last is older than a retention that may change any time. */
export function sweepMonths(loops: Loops, clock: Clock, { name, what, retention, drop }: MonthSweep): void {
  const logger = new Logger(name);
  loops.every(name, LOOK_EVERY_MS, async () => {
    const now = clock.now();
    if (now.getUTCHours() !== NIGHT_HOUR) return;
    const before = firstKeptMonth(now, await retention());
    const dropped = await drop(before);
    if (dropped > 0) logger.log(`dropped the ${what} of ${dropped} partitions before ${before}`);
  });
}
