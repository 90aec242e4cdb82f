import type { CalendarUnit } from './policy.js';
import { DAY_MS, instantOf, offsetAt } from '../platform/time/index.js';

/** Half-open: `start` is in it, `end` is the start of the next one. */
export interface TimeWindow {
  readonly start: Date;
  readonly end: Date;
}

/**
 * The local day, week (from Monday) or month of `zone` that holds `t`. It begins at local midnight: the first one where the
 * clock shows it twice, moved forward by the gap where it does not exist; so a day has 23 to 25 hours.
 * @throws RangeError for a name that is no IANA zone.
 */
export function calendarWindow(unit: CalendarUnit, zone: string, t: Date): TimeWindow {
  const local = t.getTime() + offsetAt(zone, t.getTime());
  let first = firstDay(unit, Math.floor(local / DAY_MS) * DAY_MS);
  let start = instantOf(zone, first);
  let end = instantOf(zone, following(unit, first));
  // A clock set back over midnight (23:01 after 00:01) shows yesterday's date again when today has begun: windows follow each
  // other without overlap, so what comes after the first midnight is today.
  while (end <= t.getTime()) {
    first = following(unit, first);
    start = end;
    end = instantOf(zone, following(unit, first));
  }
  return { start: new Date(start), end: new Date(end) };
}

/** Midnights in local milliseconds, where every day has 24 hours and the UTC accessors read the wall clock. */
function firstDay(unit: CalendarUnit, day: number): number {
  const date = new Date(day);
  if (unit === 'week') return day - ((date.getUTCDay() + 6) % 7) * DAY_MS;
  return unit === 'day' ? day : day - (date.getUTCDate() - 1) * DAY_MS;
}

function following(unit: CalendarUnit, first: number): number {
  if (unit !== 'month') return first + (unit === 'week' ? 7 : 1) * DAY_MS;
  const next = new Date(first);
  next.setUTCMonth(next.getUTCMonth() + 1);
  return next.getTime();
}
