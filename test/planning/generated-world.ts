import fc from 'fast-check';
import type { FittedCell, WorthModel } from '../../src/scoring/index.js';
import type { Cap, FatiguePolicy, MinimumGap, QuietHours } from '../../src/fatigue/index.js';
import { WEEKDAYS } from '../../src/fatigue/policy.js';

export const NOW = new Date('2026-03-11T12:00:00.000Z');
export const TOPICS = ['promo', 'news'] as const;
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', null] as const;
const MINUTE = 60_000;

export interface HistoryRow {
  channel: 'push' | 'email';
  topic: string;
  /** Minutes before NOW at which it was settled; null: not settled yet. */
  minutesAgo: number | null;
  opened: boolean;
  converted: boolean;
}

export interface Person {
  zone: (typeof ZONES)[number];
  address: 'none' | 'suppressed' | 'usable';
  devices: Array<{ permission: 'granted' | 'denied' | 'provisional' | null; daysAgo: number }>;
  subscriptions: Array<{ channel: 'push' | 'email'; topic: string; state: 'subscribed' | 'unsubscribed' }>;
  inTier: boolean;
  history: HistoryRow[];
  /** Expected purchases and value in 90 days; null: no scores. */
  scores: { purchases: number; value: number | null } | null;
}

export interface CampaignSpec {
  channel: 'push' | 'email';
  topic: (typeof TOPICS)[number];
  transactional: boolean;
  ignoreCaps: boolean;
  priority: number;
  onFatigue: 'drop' | 'defer';
  expiresAfter: string;
  holdout: number;
  worth: boolean;
  audience: { include: readonly string[] };
  conversion: { event: string; window: string };
  /** Minutes after NOW at which it is due, and holds back slots; null: due now. */
  reserveIn: number | null;
}

export interface GeneratedWorld {
  policy: FatiguePolicy;
  consent: { push: 'optOut' | 'optIn'; email: 'optOut' | 'optIn' };
  globalHoldout: number;
  openValue: number;
  messageCost: number;
  model: WorthModel;
  people: Person[];
  campaigns: CampaignSpec[];
}

// Ages that fall on window edges matter more than ages anywhere.
const EDGES = [0, 60, 240, 1_440, 2_880, 10_080];
const minutesAgo = fc.oneof(fc.constantFrom(...EDGES), fc.integer({ min: 0, max: 12_000 }), fc.constantFrom(59, 61, 239, 241, 1_439, 1_441));
const channel = fc.constantFrom('push' as const, 'email' as const);
const policyChannel = fc.constantFrom('push' as const, 'email' as const, 'any' as const);
const duration = fc.constantFrom('PT1H', 'PT4H', 'PT24H', 'P2D', 'P7D');

const historyRow: fc.Arbitrary<HistoryRow> = fc.record({
  channel, topic: fc.constantFrom(...TOPICS), opened: fc.boolean(), converted: fc.constantFrom(false, false, true),
  minutesAgo: fc.option(minutesAgo, { nil: null, freq: 6 }),
});

const person: fc.Arbitrary<Person> = fc.record({
  zone: fc.constantFrom(...ZONES),
  address: fc.constantFrom('none' as const, 'suppressed' as const, 'usable' as const, 'usable' as const, 'usable' as const),
  devices: fc.array(fc.record({
    permission: fc.constantFrom('granted' as const, 'granted' as const, 'denied' as const, 'provisional' as const, null),
    daysAgo: fc.constantFrom(0, 1, 29, 30, 31),
  }), { maxLength: 2 }),
  subscriptions: fc.uniqueArray(fc.record({
    channel, topic: fc.constantFrom('', ...TOPICS), state: fc.constantFrom('subscribed' as const, 'unsubscribed' as const),
  }), { maxLength: 2, selector: (s) => `${s.channel} ${s.topic}` }),
  inTier: fc.boolean(),
  history: fc.array(historyRow, { maxLength: 6 }),
  scores: fc.option(fc.record({ purchases: fc.constantFrom(0, 0.5, 2), value: fc.option(fc.constantFrom(0, 5, 40, 900)) })),
});

// People name caps and events, and every object has a member of this name: what is looked up by it has to be the object's own.
const MEMBER = 'constructor';
const CAP_KEYS = ['cap-0', MEMBER, 'cap-2'];

const cap: fc.Arbitrary<Omit<Cap, 'key'>> = fc.record({
  channel: policyChannel,
  limit: fc.integer({ min: 1, max: 3 }),
  topic: fc.option(fc.constantFrom(...TOPICS), { nil: undefined, freq: 3 }),
  window: fc.oneof(
    duration.map((d) => ({ type: 'rolling' as const, duration: d })),
    fc.record({
      type: fc.constant('calendar' as const), unit: fc.constantFrom('day' as const, 'week' as const, 'month' as const),
      timezone: fc.constantFrom('user', 'Europe/Berlin'),
    }),
  ),
});

const gap: fc.Arbitrary<MinimumGap> = fc.record({ channel: policyChannel, duration: fc.constantFrom('PT1H', 'PT4H') });
const quiet: fc.Arbitrary<QuietHours> = fc.record({
  channel: policyChannel,
  start: fc.constantFrom('22:00', '11:30', '12:00', '00:00'), end: fc.constantFrom('08:00', '12:01', '13:15', '05:45'),
  days: fc.subarray([...WEEKDAYS], { minLength: 1 }),
});

const policy: fc.Arbitrary<FatiguePolicy> = fc.record({
  caps: fc.array(cap, { maxLength: 3 }).map((caps) => caps.map(({ topic, ...rest }, i) => ({ key: CAP_KEYS[i]!, ...rest, ...(topic ? { topic } : {}) }))),
  minimumGap: fc.uniqueArray(gap, { maxLength: 2, selector: (g) => g.channel }),
  quietHours: fc.array(quiet, { maxLength: 1 }),
  tierLimit: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
  adaptive: fc.record({
    enabled: fc.boolean(), unopenedStreak: fc.integer({ min: 1, max: 3 }), factor: fc.constantFrom(0.5, 0.7, 0.25), floor: fc.constant(1),
  }),
}).map(({ tierLimit, ...rest }) => ({
  ...rest,
  tiers: tierLimit !== undefined && rest.caps[0] ? [{ segment: 'tier', caps: { [rest.caps[0].key]: tierLimit } }] : [],
}));

/** What the twin is after: another event has another value. */
const OTHER: Readonly<Record<string, { event: string; window: string }>> = {
  purchase: { event: 'booking', window: 'P3D' }, booking: { event: 'purchase', window: 'P3D' }, [MEMBER]: { event: 'purchase', window: 'P3D' },
};

const dueIn = fc.constantFrom(1, 60, 240, 1_439, 1_440, 2_000, 10_079, 10_080, 10_081);

const campaign: fc.Arbitrary<CampaignSpec> = fc.record({
  channel, topic: fc.constantFrom(...TOPICS), transactional: fc.constantFrom(false, false, true), ignoreCaps: fc.constantFrom(false, false, false, true),
  priority: fc.constantFrom(10, 50, 50, 90), onFatigue: fc.constantFrom('drop' as const, 'defer' as const),
  expiresAfter: fc.constantFrom('PT1H', 'PT24H', 'P7D'), holdout: fc.constantFrom(0, 0, 0.3),
  reserveIn: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: dueIn }),
  worth: fc.boolean(), audience: fc.constantFrom({ include: ['everyone'] }, { include: ['tier', 'everyone'] }),
  conversion: fc.constantFrom('purchase', 'booking', MEMBER).map((event) => ({ event, window: 'P3D' })),
}).map((spec) => (spec.transactional ? { ...spec, worth: false } : spec));

const shape = fc.record({ alpha: fc.constantFrom(0.5, 1, 3), beta: fc.constantFrom(2, 9, 60, 400) });
const cell = (of: 'push' | 'email', segment: string | null): fc.Arbitrary<FittedCell> => fc.record({
  channel: fc.constant(of), segment: fc.constant(segment), optOut: shape, openRate: shape, conversionRate: shape,
  sources: fc.constant({ optOut: 'stated', openRate: 'stated', conversionRate: 'stated' } as const),
});
const share = fc.constantFrom(0, 0.2, 0.4, 0.9).map((of) => ({ share: of, source: 'stated' as const }));
const model: fc.Arbitrary<WorthModel> = fc.record({
  cells: fc.tuple(cell('push', null), cell('email', null), cell('push', 'tier'), cell('email', 'tier')),
  channels: fc.record({ push: share, email: share }),
  campaigns: fc.option(share.map((of) => ({ 1: of })), { nil: {} }),
  eventValues: fc.constant({ purchase: 20, booking: 3 }),
  channelValues: fc.constantFrom({ push: null, email: 8 }, { push: 30, email: null }),
});

const consentModel = fc.constantFrom('optOut' as const, 'optOut' as const, 'optIn' as const);

export const world: fc.Arbitrary<GeneratedWorld> = fc.record({
  policy, consent: fc.record({ push: consentModel, email: consentModel }), globalHoldout: fc.constantFrom(0, 0, 0.2),
  openValue: fc.constantFrom(0, 0, 0.05), messageCost: fc.constantFrom(0, 0.01, 0.2), model,
  people: fc.array(person, { minLength: 12, maxLength: 20 }),
  campaigns: fc.array(campaign, { minLength: 1, maxLength: 4 }),
  holdsBackIn: fc.option(dueIn, { nil: null, freq: 2 }), twin: fc.boolean(),
}).map(({ holdsBackIn, twin, campaigns, ...rest }) => {
  // Two campaigns that meet in one cap are rare by chance alone, and so are two that only their worth tells apart.
  const first: CampaignSpec = { ...campaigns[0]!, transactional: false, ignoreCaps: false };
  const rivals = holdsBackIn === null ? [] : [{ ...first, priority: 95, reserveIn: holdsBackIn }];
  const pair = twin ? [{ ...first, worth: true, reserveIn: null }, { ...first, worth: true, reserveIn: null, conversion: OTHER[first.conversion.event]! }] : [];
  return { ...rest, campaigns: [...campaigns, ...rivals, ...pair] };
});

export function settledAt(row: HistoryRow): Date | null {
  return row.minutesAgo === null ? null : new Date(NOW.getTime() - row.minutesAgo * MINUTE);
}
