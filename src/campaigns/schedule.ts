import { parseInstant } from '../platform/time/index.js';
import type { Schedule } from './campaign.js';

/** A launch this long after its `at` still counts as on time: somebody typed the present minute. */
export const LATE_MS = 5 * 60_000;

/**
 * The instant at which the first wave of a campaign launched at `now` is due.
 * @throws Error for an `at` that is no RFC 3339 time; validation lets none through.
 */
export function firstDue(schedule: Schedule, now: Date): Date {
  if (schedule.type === 'now') return now;
  const at = parseInstant(schedule.at);
  if (!at) throw new Error(`not an instant: ${schedule.at}`);
  return at;
}

/** Whether the due instant passed too long ago for a launch at `now`. */
export function isMissed(due: Date, now: Date): boolean {
  return now.getTime() - due.getTime() > LATE_MS;
}
