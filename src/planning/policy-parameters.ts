import { calendarWindow, capConcerns, onChannel, quietIntervals, tierLimit, type Cap } from '../fatigue/index.js';
import { parseDuration } from '../platform/time/index.js';
import type { PassWave, PolicyWorld } from './pass-parameters.js';
import { zoneRules } from './send-time.js';

const DAY_MS = 86_400_000;

/** quiet: somewhere the wave meets quiet hours now, and it must be asked who lives there; loud: nowhere. */
export type Hour = 'quiet' | 'loud';

/** What the fatigue policy says to the wave: windows and quiet hours arrive computed for each zone. */
export function policyParameters(wave: PassWave, world: PolicyWorld): Record<string, unknown> & { readonly hour: Hour } {
  const caps = capsOf(wave, world);
  const gaps = onChannel(world.policy.minimumGap, wave.definition.channel);
  const calendars = calendarRows(caps, world);
  const quiet = quietRows(wave, world);
  return {
    caps: JSON.stringify(caps.map(({ cap, ord }, i) => ({ ...capRow(cap, ord, world), place: i + 1 }))),
    calendars: JSON.stringify(calendars),
    ...pressParameters(world, caps.map(({ cap }) => cap), calendars, caps.map(({ ord }) => ord)),
    gapsFrom: new Date(Math.min(...gaps.map((gap) => world.now.getTime() - parseDuration(gap.duration)!), world.now.getTime())),
    gaps: JSON.stringify(gaps.map((gap) => ({ channel: specific(gap.channel), length: gap.duration }))),
    quiet: JSON.stringify(quiet), hour: quiet.some(({ starts, ends }) => starts <= world.now && ends > world.now) ? 'quiet' : 'loud',
    tiers: JSON.stringify(tierRows(world)),
    ...adaptiveParameters(world),
  };
}

/** The caps that concern the wave, with their place in the policy. */
export function capsOf({ definition }: PassWave, { policy }: PolicyWorld): Array<{ cap: Cap; ord: number }> {
  return policy.caps.map((cap, ord) => ({ cap, ord })).filter(({ cap }) => capConcerns(cap, definition.channel, definition.topic ?? null));
}

/** Of each cap of the wave the earliest instant of its window in any zone, and a limit that it is below for nobody. */
function pressParameters(world: PolicyWorld, caps: Cap[], calendars: CalendarRow[], ords: number[]): Record<string, unknown> {
  const { tiers, adaptive } = world.policy;
  const from = (cap: Cap, ord: number): Date => new Date(cap.window.type === 'rolling' ? world.now.getTime() - parseDuration(cap.window.duration)!
    : Math.min(world.now.getTime(), ...calendars.flatMap((row) => (row.ord === ord ? [row.starts.getTime()] : []))));
  const least = (cap: Cap): number => {
    const limit = Math.min(cap.limit, ...tiers.flatMap((tier) => tierLimit(tier, cap) ?? []));
    return adaptive.enabled ? Math.min(limit, adaptive.floor) : limit;
  };
  return {
    capsFrom: caps.map((cap, i) => from(cap, ords[i]!)), capTopics: caps.map((cap) => topicOf(cap, world)), leastLimits: caps.map(least),
  };
}

/** adaptiveStreak is null where no limit is cut. */
function adaptiveParameters({ policy: { adaptive } }: PolicyWorld): Record<string, unknown> {
  return { adaptiveStreak: adaptive.enabled ? adaptive.unopenedStreak : null, adaptiveFactor: adaptive.factor, adaptiveFloor: adaptive.floor };
}

function capRow(cap: Cap, ord: number, world: PolicyWorld): object {
  return {
    ord, key: cap.key, max: cap.limit, channel: specific(cap.channel),
    topic_id: topicOf(cap, world),
    rolling: cap.window.type === 'rolling' ? cap.window.duration : null,
  };
}

/** A topic nobody has ever used has no id; -1 matches no row, so the cap counts nothing rather than everything. */
function topicOf(cap: Cap, world: PolicyWorld): number | null {
  return cap.topic === undefined ? null : (world.topicIds.get(cap.topic) ?? -1);
}

interface CalendarRow {
  zone: string;
  ord: number;
  starts: Date;
  ends: Date;
}

function calendarRows(caps: Array<{ cap: Cap; ord: number }>, world: PolicyWorld): CalendarRow[] {
  return caps.flatMap(({ cap, ord }) => {
    const { window } = cap;
    if (window.type !== 'calendar') return [];
    return world.zones.map((zone) => {
      const { start, end } = calendarWindow(window.unit, window.timezone === 'user' ? zoneRules(zone, world.settings.defaultTimezone) : window.timezone, world.now);
      return { zone, ord, starts: start, ends: end };
    });
  });
}

interface QuietRow {
  zone: string;
  starts: Date;
  ends: Date;
}

/** Up to the campaign's expiry: a deferred row is never moved past it. */
function quietRows(wave: PassWave, world: PolicyWorld): QuietRow[] {
  if (wave.definition.class === 'transactional') return [];
  const windows = onChannel(world.policy.quietHours, wave.definition.channel);
  if (windows.length === 0) return [];
  const until = new Date(Math.max(wave.expiresAt.getTime(), world.now.getTime()) + 1);
  return world.zones.flatMap((zone) =>
    quietIntervals(windows, zoneRules(zone, world.settings.defaultTimezone), world.now, until).map(({ start, end }) => ({ zone, starts: start, ends: end })));
}

function tierRows(world: PolicyWorld): object[] {
  return world.policy.tiers.flatMap((tier, ord) => {
    const id = world.segmentIds.get(tier.segment);
    return id === undefined ? [] : [{ ord, segment_id: id, limits: tier.caps }];
  });
}

/** Nothing counted at or before this instant can matter to any window of the policy. */
export function horizonOf(world: PolicyWorld): Date {
  const { caps, minimumGap } = world.policy;
  const now = world.now.getTime();
  const rolling = caps.flatMap((cap) => (cap.window.type === 'rolling' ? [cap.window.duration] : []));
  const lengths = [...rolling, ...minimumGap.map((gap) => gap.duration)].map((duration) => now - parseDuration(duration)!);
  const starts = calendarRows(caps.map((cap, ord) => ({ cap, ord })), world).map(({ starts: at }) => at.getTime() - 1);
  return new Date(Math.min(now - 7 * DAY_MS, ...lengths, ...starts));
}

function specific(channel: 'push' | 'email' | 'any'): 'push' | 'email' | null {
  return channel === 'any' ? null : channel;
}
