import type { CampaignDefinition } from '../campaigns/index.js';
import { holdoutBuckets, variantBounds } from '../experiments/index.js';
import {
  calendarWindow, capConcerns, onChannel, quietIntervals, type Cap, type FatiguePolicy,
} from '../fatigue/index.js';
import { parseDuration } from '../platform/time/index.js';
import type { WorthModel } from '../scoring/index.js';
import type { Settings } from '../settings/index.js';
import { budgetParameters, type OpenBudgets } from './message-budgets.js';
import type { PassFacts } from './pass-facts.js';
import { worthCells } from './worth-parameters.js';
import { EXPLORE_BUCKETS, GAIN_MARGIN, allowedSlots, zoneRules, type SendTimes } from './send-time.js';

/** One due wave of one campaign, as the pass meets it. Ids are the ledger's own. */
export interface PassWave {
  waveId: string;
  runId: string;
  campaignId: string;
  /** First day of the run's month. */
  month: string;
  dueAt: Date;
  expiresAt: Date;
  topicId: number | null;
  topicKey: string | null;
  definition: CampaignDefinition;
  salt: string;
  /** The run's own instant and the wall time that its zones share. */
  scheduledFor: Date;
  localAt: Date | null;
  /** Only users of this zone. */
  zone: string | null;
  slot: number | null;
  lastSlot: boolean;
  /** The local time of its users had passed at launch. */
  passed: boolean;
  /** Of a bestHour wave: by what the hour is chosen. */
  sendTimes?: SendTimes;
}

/** All that does not depend on the transaction. */
export interface PolicyWorld {
  now: Date;
  /** Zones present among the users that the pass looks at. */
  zones: readonly string[];
  settings: Settings;
  policy: FatiguePolicy;
  policyVersion: number;
  worthModel: WorthModel;
  topicIds: ReadonlyMap<string, number>;
  segmentIds: ReadonlyMap<string, string>;
  globalSalt: string;
  templateVersions: readonly number[];
  passWaves: readonly string[];
  /** What may still be admitted, by channel. */
  budgets: OpenBudgets;
}

export interface PassWorld extends PolicyWorld {
  /** Whether some campaign holds back slots of these users. */
  reserving: boolean;
  facts: PassFacts;
}

export interface IdRange {
  fromId: string;
  toId: string;
}

const DAY_MS = 86_400_000;

/** quiet: somewhere the wave meets quiet hours now, and it must be asked who lives there; loud: nowhere. */
export type Hour = 'quiet' | 'loud';

/** Every named parameter of the pass but the audience's own. `hour` is none of a statement, but tells which. */
export type PassParameters = Record<string, unknown> & { readonly hour: Hour };

export function passParameters(wave: PassWave, world: PolicyWorld, range: IdRange): PassParameters {
  const { definition } = wave;
  const { channel } = definition;
  const caps = capsOf(wave, world);
  const gaps = onChannel(world.policy.minimumGap, channel);
  const calendars = calendarRows(caps, world);
  const quiet = quietRows(wave, world);
  return {
    ...range,
    now: world.now, weekAgo: new Date(world.now.getTime() - 7 * DAY_MS), everyone: false, month: wave.month, runId: wave.runId, waveId: wave.waveId, campaignId: wave.campaignId,
    dueAt: wave.dueAt, expiresAt: wave.expiresAt, channel, topicId: wave.topicId, topicKey: wave.topicKey,
    transactional: definition.class === 'transactional', ignoreCaps: definition.ignoreCaps,
    defer: definition.onFatigue === 'defer',
    optIn: world.settings.consent[channel] === 'optIn',
    staleAfter: world.settings.staleDeviceAfter, defaultZone: world.settings.defaultTimezone,
    globalSalt: world.globalSalt, globalBuckets: holdoutBuckets(world.settings.globalHoldout),
    holdoutSalt: `${wave.salt}:holdout`, holdoutBuckets: holdoutBuckets(definition.holdout),
    variantSalt: `${wave.salt}:variant`, variantBounds: variantBounds(definition.variants.map((v) => v.weight)),
    caps: JSON.stringify(caps.map(({ cap, ord }, i) => ({ ...capRow(cap, ord, world), place: i + 1 }))),
    calendars: JSON.stringify(calendars),
    ...pressParameters(world, caps.map(({ cap }) => cap), calendars, caps.map(({ ord }) => ord)),
    gapsFrom: new Date(Math.min(...gaps.map((gap) => world.now.getTime() - parseDuration(gap.duration)!), world.now.getTime())),
    gaps: JSON.stringify(gaps.map((gap) => ({ channel: specific(gap.channel), length: gap.duration }))),
    quiet: JSON.stringify(quiet), hour: quiet.some(({ starts, ends }) => starts <= world.now && ends > world.now) ? 'quiet' : 'loud',
    tiers: JSON.stringify(tierRows(world)),
    worthCells: JSON.stringify(worthCells(wave.campaignId, definition, world.settings, world.worthModel)),
    ...adaptiveParameters(world),
    policyVersion: world.policyVersion, templateVersions: world.templateVersions, subjectWave: wave.waveId,
    priority: definition.priority, scheduledFor: wave.scheduledFor, localTimePassed: wave.passed, zone: wave.zone,
    only: null, poolLimit: null, passEntries: definition.schedule.type === 'triggered',
    unless: definition.schedule.type === 'triggered' ? (definition.schedule.unless ?? null) : null,
    reentryAfter: reentryAfter(wave),
    ...sendTimeParameters(wave, world), ...budgetParameters(world.budgets, wave),
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
    const limit = Math.min(cap.limit, ...tiers.flatMap(({ caps: limits }) => (limits[cap.key] === undefined ? [] : [limits[cap.key]!])));
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

/** Whoever had an occurrence after this wall time is not reached by this one; null: everybody is. */
function reentryAfter({ definition: { schedule }, localAt }: PassWave): Date | string | null {
  if (schedule.type !== 'recurring' || localAt === null) return null;
  if (schedule.reentry === undefined || schedule.reentry === 'always') return null;
  return schedule.reentry === 'never' ? '-infinity' : new Date(localAt.getTime() - parseDuration(schedule.reentry)!);
}

function sendTimeParameters(wave: PassWave, world: PolicyWorld): Record<string, unknown> {
  const { definition: { schedule }, sendTimes, zone } = wave;
  if (!sendTimes || schedule.type !== 'bestHour' || zone === null) return {};
  const rules = zoneRules(zone, world.settings.defaultTimezone);
  const slots = allowedSlots(schedule, rules, sendTimes, onChannel(world.policy.quietHours, wave.definition.channel));
  return {
    lastSlot: wave.lastSlot || wave.passed, slot: wave.slot, exploreSalt: `${wave.salt}:send-time`, exploreBuckets: EXPLORE_BUCKETS,
    slotOrds: slots.slots.map(({ ord }) => ord), defaultSlot: slots.defaultSlot, margin: GAIN_MARGIN, kappa: sendTimes.kappa,
    slots: JSON.stringify(slots.slots), zoneRules: rules, curveAsOf: sendTimes.asOf,
  };
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

/** Up to the campaign's expiry: a deferred row is never moved past it. */
interface QuietRow {
  zone: string;
  starts: Date;
  ends: Date;
}

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
