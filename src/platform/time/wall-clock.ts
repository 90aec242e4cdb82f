const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

// Two transitions of one zone are never closer together than this, so one step sees at most one.
const STEP_MS = DAY_MS;
// Further from UTC than any zone ever was, with room for the day that Samoa and Kwajalein skipped.
const REACH_MS = 38 * HOUR_MS;

// Making a formatter costs 30 µs, asking it 2 µs; luxon reads the same thing part by part in 20 µs. A pass asks for some 400 zones.
// Bounded, because case makes many spellings of one zone.
const MAX_FORMATTERS = 1_000;
const formatters = new Map<string, Intl.DateTimeFormat>();
const OFFSET = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/;

/**
 * Offset of the zone from UTC at the instant, in milliseconds. `instant + offset` is the wall clock as if it were UTC: called
 * *local milliseconds* here, so that days and times of day are plain arithmetic.
 * @throws RangeError for a name that is no IANA zone.
 */
export function offsetAt(zone: string, instant: number): number {
  const [, sign, hours, minutes, seconds] = OFFSET.exec(formatter(zone).format(instant))!;
  const size = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60 + Number(seconds ?? 0);
  return sign === '-' ? -size * 1000 : size * 1000;
}

function formatter(zone: string): Intl.DateTimeFormat {
  let known = formatters.get(zone);
  if (!known) {
    known = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    if (formatters.size >= MAX_FORMATTERS) formatters.clear();
    formatters.set(zone, known);
  }
  return known;
}

/**
 * The instant at which the zone's wall clock shows `local` (local milliseconds): the first one where it shows it twice, and
 * moved forward by the gap where it never does.
 */
export function instantOf(zone: string, local: number): number {
  const before = offsetAt(zone, local - REACH_MS);
  const after = offsetAt(zone, local + REACH_MS);
  // The larger offset gives the earlier instant.
  for (const offset of [Math.max(before, after), Math.min(before, after)]) {
    if (offsetAt(zone, local - offset) === offset) return local - offset;
  }
  return local - before;
}

/** A stretch of time [start, end) through which the zone keeps one offset. All in milliseconds. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly offset: number;
}

/** Splits [from, to) where the zone changes its offset. */
export function constantOffsets(zone: string, from: number, to: number): Span[] {
  const spans: Span[] = [];
  let start = from;
  let offset = offsetAt(zone, from);
  for (let at = from; at < to; at = Math.min(at + STEP_MS, to)) {
    const next = Math.min(at + STEP_MS, to);
    if (offsetAt(zone, next) === offset) continue;
    const change = firstChange(zone, at, next, offset);
    spans.push({ start, end: change, offset });
    start = change;
    offset = offsetAt(zone, change);
  }
  if (start < to) spans.push({ start, end: to, offset });
  return spans;
}

/** Bisects to the first instant in (low, high] with another offset than `offset`. */
function firstChange(zone: string, low: number, high: number, offset: number): number {
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(zone, middle) === offset) low = middle;
    else high = middle;
  }
  return high;
}
