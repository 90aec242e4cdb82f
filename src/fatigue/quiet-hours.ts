import { WEEKDAYS, type QuietHours } from './policy.js';
import { DAY_MS, constantOffsets, type Span } from '../platform/time/index.js';

/** Half-open: quiet from `start` on, no longer at `end`. */
export interface QuietInterval {
  readonly start: Date;
  readonly end: Date;
}

interface Stretch {
  start: number;
  end: number;
}

// Windows that together leave no minute of the week open are refused with the policy; a clock change may still swallow the
// only open hour of a week, so two weeks and a day reach across any stretch of quiet.
const MAX_REACH_MS = 15 * DAY_MS;

/**
 * The quiet times that touch [from, to), merged and in order, each given whole even where it began before `from` or ends after
 * `to`. What counts is what the wall clock shows: an hour that a clock change repeats is quiet twice, one that it skips never.
 * A window over midnight belongs to its start day.
 * @param windows of one channel (see `onChannel`). @throws RangeError for a name that is no IANA zone.
 */
export function quietIntervals(windows: readonly QuietHours[], zone: string, from: Date, to: Date): QuietInterval[] {
  if (windows.length === 0 || to <= from) return [];
  const daily = windows.map(readWindow);
  // A day either side is enough unless quiet touches the edge of what was looked at.
  for (let reach = DAY_MS; ; reach = Math.min(reach * 4, MAX_REACH_MS)) {
    const low = from.getTime() - reach;
    const high = to.getTime() + reach;
    const touching = merged(constantOffsets(zone, low, high).flatMap((span) => quietWithin(span, daily)))
      .filter(({ start, end }) => start < to.getTime() && end > from.getTime());
    const cut = touching.some(({ start, end }) => start <= low || end >= high);
    if (!cut || reach === MAX_REACH_MS) return touching.map(({ start, end }) => ({ start: new Date(start), end: new Date(end) }));
  }
}

/** The interval that holds `t`, or undefined. */
export function quietAt(t: Date, intervals: readonly QuietInterval[]): QuietInterval | undefined {
  return intervals.find(({ start, end }) => start <= t && t < end);
}

/** Whether at least one minute of the week is outside all windows (of one channel). */
export function leavesTimeOpen(windows: readonly QuietHours[]): boolean {
  // The week of Monday 1970-01-05 in UTC stands for every week: without clock changes they are all alike.
  const monday = 4 * DAY_MS;
  const week = { start: monday, end: monday + 7 * DAY_MS, offset: 0 };
  const [first] = merged(quietWithin(week, windows.map(readWindow)));
  return !first || first.start > week.start || first.end < week.end;
}

interface DailyWindow {
  /** Milliseconds after local midnight; `end` is past 24 h where the window runs over midnight. */
  start: number;
  end: number;
  days: ReadonlySet<number>;
}

function readWindow({ start, end, days }: QuietHours): DailyWindow {
  const [first, last] = [timeOfDay(start), timeOfDay(end)];
  const numbers = days.map((day) => WEEKDAYS.indexOf(day));
  return { start: first, end: last <= first ? last + DAY_MS : last, days: new Set(numbers) };
}

function timeOfDay(text: string): number {
  const [hours, minutes] = text.split(':').map(Number);
  return (hours! * 60 + minutes!) * 60_000;
}

/** Through a span of one offset the wall clock runs evenly, so the windows of its local days are plain intervals. */
function quietWithin(span: Span, windows: DailyWindow[]): Stretch[] {
  const localStart = span.start + span.offset;
  const localEnd = span.end + span.offset;
  const found: Stretch[] = [];
  // From the day before: its windows may reach over midnight into the span.
  for (let day = Math.floor(localStart / DAY_MS) - 1; day * DAY_MS < localEnd; day++) {
    for (const window of windows) {
      if (!window.days.has(weekday(day))) continue;
      const start = Math.max(day * DAY_MS + window.start, localStart) - span.offset;
      const end = Math.min(day * DAY_MS + window.end, localEnd) - span.offset;
      if (start < end) found.push({ start, end });
    }
  }
  return found;
}

/** 0 = Monday. Day 0 of the epoch was a Thursday. */
function weekday(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}

function merged(stretches: Stretch[]): Stretch[] {
  const result: Stretch[] = [];
  for (const { start, end } of stretches.sort((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else result.push({ start, end });
  }
  return result;
}
