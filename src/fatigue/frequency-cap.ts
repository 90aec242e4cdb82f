import { calendarWindow } from './calendar-window.js';
import type { Adaptive, CalendarUnit, Cap } from './policy.js';

/** A cap's window with everything resolved: milliseconds, or a calendar unit in a zone that exists. */
export type CountingWindow =
  | { readonly type: 'rolling'; readonly ms: number }
  | { readonly type: 'calendar'; readonly unit: CalendarUnit; readonly zone: string };

/** A message that counts: at the instant it was settled, or in every window while it is not. */
export interface UsedSlot {
  readonly id: string;
  readonly at: Date | 'unsettled';
}

export interface CapVerdict {
  readonly passed: boolean;
  /** Messages that count at `t`. */
  readonly used: number;
  readonly messages: readonly string[];
  /** The least instant after `t` at which a slot is free if nothing else happens; null where one is free now. */
  readonly freeAt: Date | null;
  /** The message whose leaving the window frees the slot; null where one is free now. */
  readonly blockingId: string | null;
}

interface Counted {
  id: string;
  at: number;
}

/** @param durationMs reads an ISO 8601 duration; handed in so that this file stays free of the platform. */
export function countingWindow(window: Cap['window'], userZone: string, durationMs: (text: string) => number): CountingWindow {
  if (window.type === 'rolling') return { type: 'rolling', ms: durationMs(window.duration) };
  return { type: 'calendar', unit: window.unit, zone: window.timezone === 'user' ? userZone : window.timezone };
}

/**
 * Whether a slot of the cap is free at `t`. A rolling window is (t − duration, t]; a calendar window is the day, week or month
 * of its zone that holds t, up to t. For `freeAt` what is unsettled is taken as settled at t.
 * @throws RangeError for a limit below 1, which no waiting would ever satisfy.
 */
export function capVerdict({ limit, window, used, t }: {
  limit: number;
  window: CountingWindow;
  used: readonly UsedSlot[];
  t: Date;
}): CapVerdict {
  if (!(limit >= 1)) throw new RangeError(`a cap's limit must be at least 1, not ${limit}`);
  const slots = used.map(({ id, at }) => ({ id, at: at === 'unsettled' ? t.getTime() : at.getTime() })).sort(byAge);
  const counted = countedAt(slots, window, t.getTime());
  const passed = counted.length < limit;
  return {
    passed,
    used: counted.length,
    messages: counted.map(({ id }) => id),
    freeAt: passed ? null : new Date(firstFree(slots, window, t.getTime(), limit)),
    blockingId: passed ? null : counted[counted.length - limit]!.id,
  };
}

/** Whether the last message is at least the gap old: a rolling cap of one. */
export function minimumGapVerdict({ gapMs, used, t }: { gapMs: number; used: readonly UsedSlot[]; t: Date }): CapVerdict {
  return capVerdict({ limit: 1, window: { type: 'rolling', ms: gapMs }, used, t });
}

/**
 * The limit for somebody who stopped opening: min(limit, max(floor, ⌊limit · factor^⌊streak / unopenedStreak⌋⌋)), computed in
 * whole ten-thousandths, because 100 · 0.7² is 48.99… in binary floating point.
 * @param streak messages older than 24 h on the channel since the last one that the user opened.
 */
export function adaptiveLimit(limit: number, streak: number, adaptive: Adaptive): number {
  if (!adaptive.enabled) return limit;
  const factor = BigInt(Math.round(adaptive.factor * FACTOR_SCALE));
  let [numerator, denominator] = [BigInt(limit), 1n];
  for (let cuts = Math.floor(streak / adaptive.unopenedStreak); cuts > 0; cuts--) {
    numerator *= factor;
    denominator *= BigInt(FACTOR_SCALE);
    if (numerator <= BigInt(adaptive.floor) * denominator || numerator >= BigInt(limit) * denominator) break;
  }
  return Math.min(limit, Math.max(adaptive.floor, Number(numerator / denominator)));
}

/** `adaptive.factor` has at most four decimals. */
const FACTOR_SCALE = 10_000;

function countedAt(slots: readonly Counted[], window: CountingWindow, t: number): Counted[] {
  if (window.type === 'rolling') return slots.filter(({ at }) => t - window.ms < at && at <= t);
  const start = calendarWindow(window.unit, window.zone, new Date(t)).start.getTime();
  return slots.filter(({ at }) => start <= at && at <= t);
}

/** The count falls only where a message leaves the window, so the first such instant that passes is the least of all. */
function firstFree(slots: readonly Counted[], window: CountingWindow, t: number, limit: number): number {
  const free = (at: number): boolean => countedAt(slots, window, at).length < limit;
  if (window.type === 'rolling') return slots.map(({ at }) => at + window.ms).find((at) => at > t && free(at))!;
  for (let at = t; ;) {
    at = calendarWindow(window.unit, window.zone, new Date(at)).end.getTime();
    if (free(at)) return at;
  }
}

function byAge(a: Counted, b: Counted): number {
  return a.at - b.at || (a.id < b.id ? -1 : 1);
}
