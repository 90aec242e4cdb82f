import type { CampaignDefinition } from '../campaigns/index.js';
import { holdoutBuckets, variantBounds } from '../experiments/index.js';
import { onChannel, type FatiguePolicy } from '../fatigue/index.js';
import { parseDuration } from '../platform/time/index.js';
import type { WorthModel } from '../scoring/index.js';
import type { Settings } from '../settings/index.js';
import { budgetParameters, type OpenBudgets } from './message-budgets.js';
import type { PassFacts } from './pass-facts.js';
import { policyParameters, type Hour } from './policy-parameters.js';
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
  /** Only users of these zones; of a bestHour wave they have one clock. null: of any. */
  zones: readonly string[] | null;
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
  /** Runs that have begun and hold back slots for whom they are still to reach. */
  heldRuns: ReadonlySet<string>;
  facts: PassFacts;
}

export interface IdRange {
  fromId: string;
  toId: string;
}

const DAY_MS = 86_400_000;

/** By name; `hour` is no parameter of a statement, but tells which. */
export type PassParameters = Record<string, unknown> & { readonly hour: Hour };

/** Every named parameter of the pass but the audience's own. */
export function passParameters(wave: PassWave, world: PolicyWorld, range: IdRange): PassParameters {
  const { definition } = wave;
  const { channel } = definition;
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
    worthCells: JSON.stringify(worthCells(wave.campaignId, definition, world.settings, world.worthModel)),
    ...policyParameters(wave, world),
    policyVersion: world.policyVersion, templateVersions: world.templateVersions, subjectWave: wave.waveId,
    priority: definition.priority, scheduledFor: wave.scheduledFor, localTimePassed: wave.passed, zones: wave.zones,
    only: null, poolLimit: null, passEntries: definition.schedule.type === 'triggered',
    unless: definition.schedule.type === 'triggered' ? (definition.schedule.unless ?? null) : null,
    reentryAfter: reentryAfter(wave),
    ...sendTimeParameters(wave, world), ...budgetParameters(world.budgets, wave),
  };
}

/** Whoever had an occurrence after this wall time is not reached by this one; null: everybody is. */
function reentryAfter({ definition: { schedule }, localAt }: PassWave): Date | string | null {
  if (schedule.type !== 'recurring' || localAt === null) return null;
  if (schedule.reentry === undefined || schedule.reentry === 'always') return null;
  return schedule.reentry === 'never' ? '-infinity' : new Date(localAt.getTime() - parseDuration(schedule.reentry)!);
}

function sendTimeParameters(wave: PassWave, world: PolicyWorld): Record<string, unknown> {
  const { definition: { schedule }, sendTimes, zones } = wave;
  if (!sendTimes || schedule.type !== 'bestHour' || zones === null) return {};
  const rules = zoneRules(zones[0]!, world.settings.defaultTimezone);
  const slots = allowedSlots(schedule, rules, sendTimes, onChannel(world.policy.quietHours, wave.definition.channel));
  return {
    lastSlot: wave.lastSlot || wave.passed, slot: wave.slot, exploreSalt: `${wave.salt}:send-time`, exploreBuckets: EXPLORE_BUCKETS,
    slotOrds: slots.slots.map(({ ord }) => ord), defaultSlot: slots.defaultSlot, margin: GAIN_MARGIN, kappa: sendTimes.kappa,
    slots: JSON.stringify(slots.slots), zoneRules: rules, curveAsOf: sendTimes.asOf,
  };
}
