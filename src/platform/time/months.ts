import { parseDuration } from './duration.js';

/** The first day (UTC) of the first month that is kept whole: a month is dropped once the last of it is older than the retention. */
export function firstKeptMonth(now: Date, retention: string): string {
  return `${new Date(now.getTime() - parseDuration(retention)!).toISOString().slice(0, 7)}-01`;
}
