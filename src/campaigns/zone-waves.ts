import { DAY_MS, constantOffsets, instantOf, isZone, offsetAt } from '../platform/time/index.js';
import type { BestHourSchedule, Schedule } from './campaign.js';

/** A local time typed without seconds means its minute: in its course it has not passed. */
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Who comes to an occurrence at one instant. */
export interface PlannedWave {
  readonly dueAt: Date;
  /** The people of these zones; null: everybody. */
  readonly zones: readonly string[] | null;
  /** Of `bestHour`: which of the day's slots, from 0. */
  readonly slot: number | null;
  /** The local time had passed and the campaign says `skip`: they are recorded as that. */
  readonly passed: boolean;
}

/** The people of one zone at one instant. */
export interface ZoneWave extends Omit<PlannedWave, 'zones'> {
  readonly zone: string;
}

export interface Zones {
  /** Zones of the users that there are; spelt as stored. */
  readonly present: readonly string[];
  /** Stands in for one that is no zone: one broken zone stops nobody. */
  readonly fallback: string;
}

/** The waves of some zones in an occurrence at the wall time `wall`, seen from `now`. */
export function wavesOfZones(schedule: Schedule, wall: number, some: readonly string[], zones: Zones, now: Date): PlannedWave[] {
  // What is no zone stays apart: its clock is the default zone's, which may be another by the time of the decision.
  const clocks = schedule.type === 'bestHour' ? new Map(some.map((zone) => [zone, isZone(zone) ? clockOf(zone, wall) : 'none'])) : undefined;
  return together(some.flatMap((zone) => zoneWaves(schedule, wall, zone, zones, now)), clocks);
}

/**
 * Waves as they fall due: the zones that come to theirs at one instant are decided together. A wave costs a pass 10 to 20 ms
 * however few people it is about: 418 zones, due at once because their time had passed, were 4 s for each bucket.
 * @param clocks zones that differ in these are kept apart
 */
export function together(waves: readonly ZoneWave[], clocks?: ReadonlyMap<string, string>): PlannedWave[] {
  const groups = new Map<string, PlannedWave & { zones: string[] }>();
  for (const { zone, ...wave } of waves) {
    const key = [wave.dueAt.getTime(), wave.slot, wave.passed, clocks?.get(zone)].join();
    const group = groups.get(key);
    if (group) group.zones.push(zone);
    else groups.set(key, { ...wave, zones: [zone] });
  }
  return [...groups.values()];
}

/** What a zone's clock showed over the year whose messages speak for a best hour, and shows on its day: zones alike in it are one. */
function clockOf(zone: string, wall: number): string {
  return constantOffsets(zone, wall - 370 * DAY_MS, wall + 3 * DAY_MS).map(({ start, offset }) => `${start} ${offset}`).join(';');
}

/**
 * The waves of one zone in an occurrence at the wall time `wall`, seen from `now`: at launch, or when somebody of a zone that
 * nobody had been of comes along.
 */
export function zoneWaves(schedule: Schedule, wall: number, zone: string, zones: Zones, now: Date): ZoneWave[] {
  const rules = known(zone, zones);
  const at = (local: number): Date => new Date(instantOf(rules, local));
  const hasPassed = (due: Date): boolean => now.getTime() - due.getTime() >= MINUTE_MS;
  if (schedule.type === 'bestHour') return bestHourWaves(schedule, zone, at, hasPassed);
  const dueAt = at(wall);
  const ifPassed = schedule.type === 'local' ? schedule.ifPassed : 'skip';
  if (!hasPassed(dueAt)) return [{ dueAt, zone, slot: null, passed: false }];
  if (ifPassed === 'skip') return [{ dueAt, zone, slot: null, passed: true }];
  if (ifPassed === 'sendNow') return [{ dueAt: now, zone, slot: null, passed: false }];
  return [{ dueAt: at(nextDay(wall, now.getTime() + offsetAt(rules, now.getTime()), (local) => hasPassed(at(local)))), zone, slot: null, passed: false }];
}

/** The same wall time on the first day on which it has not passed: of all those before the day before yesterday it has, whatever the clocks did. */
export function nextDay(wall: number, localNow: number, hasPassed: (local: number) => boolean): number {
  let later = wall + Math.max(0, Math.floor((localNow - wall) / DAY_MS) - 2) * DAY_MS;
  while (hasPassed(later)) later += DAY_MS;
  return later;
}

/** Hours that have passed are left out, their people have a later one; where all have, they are recorded as that. */
function bestHourWaves(schedule: BestHourSchedule, zone: string, at: (local: number) => Date, hasPassed: (due: Date) => boolean): ZoneWave[] {
  const waves = slotWalls(schedule).map((local, slot) => ({ dueAt: at(local), zone, slot, passed: false }));
  const left = waves.filter(({ dueAt }) => !hasPassed(dueAt));
  return left.length > 0 ? left : [{ ...waves.at(-1)!, passed: true }];
}

/** The wall times at which the hours of a `bestHour` day begin. */
export function slotWalls({ date, from, to }: BestHourSchedule): number[] {
  const [first, end] = [localMs(`${date}T${from}`), localMs(`${date}T${to}`)];
  return Array.from({ length: Math.ceil((end - first) / HOUR_MS) }, (_, i) => first + i * HOUR_MS);
}

/** `2026-12-01T18:00` as if it were UTC. */
export function localMs(text: string): number {
  return Date.parse(`${text}Z`.replace(/T(\d\d:\d\d)Z$/, 'T$1:00Z'));
}

/** Where there is nobody yet there is one zone all the same: an occurrence has a due instant. */
export function peopled({ present, fallback }: Zones): readonly string[] {
  return present.length > 0 ? present : [fallback];
}

export function known(zone: string, { fallback }: Zones): string {
  return isZone(zone) ? zone : fallback;
}
