import { CronExpressionParser } from 'cron-parser';

const FIELDS = 5;
// `H` is a random minute of the library's choosing; every reading of the same campaign must give the same times.
const RANDOM_FIELD = /(^|[\s,/*-])H([\s,/(-]|$)/i;

/** What is wrong with a cron expression of five fields, or undefined. One that never comes (30 February) is wrong too. */
export function cronFault(cron: string): string | undefined {
  if (cron.trim().split(/\s+/).length !== FIELDS) return 'must have five fields: minute, hour, day of month, month, day of week';
  if (RANDOM_FIELD.test(cron)) return 'must not have the random field H';
  try {
    walls(cron, 0).next();
    return undefined;
  } catch (error) {
    return `is not a cron expression that ever comes: ${(error as Error).message}`;
  }
}

/**
 * The wall-clock times of the expression after `wall`, as local milliseconds (read as if they were UTC): the expression is about
 * what the clock on the wall shows, and what instant that is in a zone, over gaps and overlaps too, is for the zone to say.
 */
export function* walls(cron: string, wall: number): Generator<number, undefined> {
  const parsed = CronExpressionParser.parse(cron, { currentDate: new Date(wall), tz: 'UTC' });
  for (;;) yield parsed.next().getTime();
}
