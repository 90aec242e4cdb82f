import { DAY_MS, instantOf, offsetAt, parseInstant } from '../platform/time/index.js';
import type { BestHourSchedule, LocalSchedule, RecurringSchedule, Schedule } from './campaign.js';
import { walls } from './cron.js';
import { known, localMs, peopled, slotWalls, together, wavesOfZones, type PlannedWave, type Zones } from './zone-waves.js';

/** A launch this long after its `at` still counts as on time: somebody typed the present minute. */
export const LATE_MS = 5 * 60_000;
const HOUR_MS = 3_600_000;
/** No zone is further from UTC: the first place on earth that reaches a wall time, and the last. */
const EARLIEST_MS = 14 * HOUR_MS;
const LATEST_MS = 12 * HOUR_MS;

/** One occurrence and the waves that it falls into. */
export interface PlannedRun {
  readonly scheduledFor: Date;
  /** The wall-clock time that all zones share, as local milliseconds read as UTC; null where there is no zone but one. */
  readonly localAt: Date | null;
  /** The due instant of the last wave that any zone could have. */
  readonly lastDueAt: Date;
  readonly waves: readonly PlannedWave[];
}

/**
 * The instant at which the first wave of a campaign for `now` or `at`, launched at `now`, is due.
 * @throws Error for an `at` that is no RFC 3339 time; validation lets none through.
 */
export function firstDue(schedule: Schedule, now: Date): Date {
  if (schedule.type !== 'at') return now;
  const at = parseInstant(schedule.at);
  if (!at) throw new Error(`not an instant: ${schedule.at}`);
  return at;
}

/** Whether the due instant passed too long ago for a launch at `now`. */
export function isMissed(due: Date, now: Date): boolean {
  return now.getTime() - due.getTime() > LATE_MS;
}

/** The first occurrence of a launch at `now`; null where there is none (`until` has passed, or the schedule waits for triggers). */
export function firstRun(schedule: Schedule, now: Date, zones: Zones): PlannedRun | null {
  switch (schedule.type) {
    case 'now':
    case 'at':
      return wholeRun(firstDue(schedule, now));
    case 'local':
      return zonedRun(schedule, localMs(schedule.localAt), now, zones);
    case 'bestHour':
      return zonedRun(schedule, localMs(`${schedule.date}T${schedule.from}`), now, zones);
    case 'recurring':
      return nextRun(schedule, launchWall(schedule, now), zones, now);
    case 'triggered':
      return null;
  }
}

/**
 * The occurrences in which a launch at `now` comes to everybody for the first time: the first; of a recurrence in users' zones the first
 * of each zone, which need not be the same one, for where a wall time has passed today another is the first.
 */
export function firstRuns(schedule: Schedule, now: Date, zones: Zones): PlannedRun[] {
  if (schedule.type !== 'recurring' || schedule.timezone !== 'user') {
    const run = firstRun(schedule, now, zones);
    return run ? [run] : [];
  }
  const byWall = new Map<number, string[]>();
  for (const zone of peopled(zones)) {
    const run = nextRun(schedule, wallBefore(known(zone, zones), now.getTime()), { ...zones, present: [zone] }, now);
    if (run) byWall.set(run.localAt!.getTime(), [...(byWall.get(run.localAt!.getTime()) ?? []), zone]);
  }
  return [...byWall].flatMap(([wall, present]) => nextRun(schedule, wall - 1, { ...zones, present }, now) ?? []);
}

/** No later than what the clock shows at `now`: a wall time that the clock skipped in the last day may still be to come. */
function wallBefore(zone: string, now: number): number {
  return now + Math.min(offsetAt(zone, now), offsetAt(zone, now - DAY_MS));
}

/**
 * The occurrence of a recurrence that follows the wall time `after`.
 * @param since of the launch, or of the last edit: zones in which it had passed by then are not in it, it was never theirs. Of the first
 *   occurrence and of those that follow: between the first place on earth and the last lie 26 hours, and so many of an hourly recurrence.
 */
export function nextRun(schedule: RecurringSchedule, after: number, zones: Zones, since: Date): PlannedRun | null {
  const until = schedule.until === undefined ? Infinity : parseInstant(schedule.until)!.getTime();
  for (const wall of walls(schedule.cron, after)) {
    const run = occurrence(schedule, wall, zones, until, since);
    if (run === 'over') return null;
    if (run) return run;
  }
  return null;
}

function occurrence({ timezone }: RecurringSchedule, wall: number, zones: Zones, until: number, since: Date): PlannedRun | 'over' | undefined {
  const inTime = (due: number): boolean => due <= until && due > since.getTime();
  if (timezone !== 'user') {
    const due = instantOf(timezone, wall);
    if (due > until) return 'over';
    return inTime(due) ? { ...wholeRun(new Date(due)), localAt: new Date(wall) } : undefined;
  }
  if (wall - EARLIEST_MS > until) return 'over';
  const waves = together(zones.present.map((zone) => ({ dueAt: new Date(instantOf(known(zone, zones), wall)), zone, slot: null, passed: false }))
    .filter(({ dueAt }) => inTime(dueAt.getTime())));
  if (waves.length === 0 && zones.present.length > 0) return undefined;
  return { scheduledFor: new Date(wall - EARLIEST_MS), localAt: new Date(wall), lastDueAt: new Date(wall + LATEST_MS), waves };
}

/** Whether the schedule has an occurrence at the wall time in the zones of its users. */
export function recursAt({ cron, timezone, until }: RecurringSchedule, wall: number): boolean {
  const inTime = until === undefined || wall - EARLIEST_MS <= parseInstant(until)!.getTime();
  return timezone === 'user' && inTime && walls(cron, wall - 1).next().value === wall;
}

/** The wall time after which a launch's first occurrence may be: the latest place on earth still has it before it. */
function launchWall({ timezone }: RecurringSchedule, now: Date): number {
  return timezone === 'user' ? now.getTime() - LATEST_MS : now.getTime() + offsetAt(timezone, now.getTime());
}

function wholeRun(dueAt: Date): PlannedRun {
  return { scheduledFor: dueAt, localAt: null, lastDueAt: dueAt, waves: [{ dueAt, zones: null, slot: null, passed: false }] };
}

function zonedRun(schedule: LocalSchedule | BestHourSchedule, wall: number, now: Date, zones: Zones): PlannedRun {
  const waves = wavesOfZones(schedule, wall, peopled(zones), zones, now);
  const due = waves.map(({ dueAt }) => dueAt.getTime());
  const slots = schedule.type === 'bestHour' ? slotWalls(schedule).length : 1;
  const last = Math.max(wall + (slots - 1) * HOUR_MS + LATEST_MS, ...due);
  return { scheduledFor: new Date(Math.min(...due)), localAt: new Date(wall), lastDueAt: new Date(last), waves };
}
