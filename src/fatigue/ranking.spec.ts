import fc from 'fast-check';
import { firstHold, leastPassing, type FatigueQuestion } from './fatigue-gates.js';
import { EMPTY_POLICY, WEEKDAYS, type FatiguePolicy } from './policy.js';
import { compareRank, decideUser } from './ranking.js';
import type { CountedMessage, DueRow, UserState, World } from './world.js';

const HOUR = 3_600_000;
const T = new Date('2026-06-05T12:00:00Z');
const after = (hours: number): Date => new Date(T.getTime() + hours * HOUR);
/** Enough of ISO 8601 for these worlds: whole hours. */
const durationMs = (text: string): number => Number(/^PT(\d+)H$/.exec(text)![1]) * HOUR;

const USER: UserState = {
  zone: 'UTC', globalHoldout: false, address: 'usable', devices: [{ permission: 'granted', lastSeenAt: T }],
  subscriptions: [], segments: new Set(), unopened: { push: 0, email: 0 }, history: [],
};
const ROW: DueRow = {
  campaignId: '1', channel: 'push', topic: 'promo', transactional: false, ignoreCaps: false, priority: 50, netWorth: 0, worth: false,
  onFatigue: 'drop', expiresAt: after(24), heldOut: false,
};
const CAP = { key: 'push-day', channel: 'push', limit: 1, window: { type: 'rolling', duration: 'PT24H' } } as const;
const FULL: FatiguePolicy = {
  ...EMPTY_POLICY, caps: [CAP], minimumGap: [{ channel: 'push', duration: 'PT4H' }],
  quietHours: [{ channel: 'push', start: '22:00', end: '08:00', days: WEEKDAYS }],
};
const sent = (hoursAgo: number, of: Partial<CountedMessage> = {}): CountedMessage =>
  ({ id: `sent-${hoursAgo}`, channel: 'push', topic: 'promo', at: after(-hoursAgo), ...of });

function decide(of: { t?: Date; reservations?: World['reservations']; policy?: Partial<FatiguePolicy>; user?: Partial<UserState>; rows?: Partial<DueRow>[]; consent?: World['consent'] }) {
  const world: World = {
    t: of.t ?? T, policy: { ...EMPTY_POLICY, ...of.policy }, consent: of.consent ?? { push: 'optOut', email: 'optOut' },
    staleDeviceAfterMs: 30 * 24 * HOUR, user: { ...USER, ...of.user },
    ...(of.reservations ? { reservations: of.reservations } : {}),
    rows: (of.rows ?? [{}]).map((row, i) => ({ ...ROW, campaignId: String(i + 1), ...row })),
  };
  return decideUser(world, durationMs);
}

describe('rank', () => {
  it('is priority, then net worth, then the older campaign by number, not by text', () => {
    const rows = [{ campaignId: '10', priority: 1, netWorth: 0 }, { campaignId: '9', priority: 1, netWorth: 0 },
      { campaignId: '11', priority: 1, netWorth: 2 }, { campaignId: '12', priority: 3, netWorth: -5 }];
    expect([...rows].sort(compareRank).map(({ campaignId }) => campaignId)).toEqual(['12', '11', '9', '10']);
  });

  it('gives the only slot to the higher priority, whatever the order of launches', () => {
    const rows = [{ campaignId: '1', priority: 10 }, { campaignId: '2', priority: 90 }, { campaignId: '3', priority: 50 }];
    fc.assert(fc.property(fc.shuffledSubarray(rows, { minLength: 3 }), (shuffled) => {
      expect(decide({ policy: { caps: [CAP] }, rows: shuffled }).map(({ campaignId, outcome, reason, blockingId }) => [campaignId, outcome, reason, blockingId]))
        .toEqual([['2', 'queued', null, null], ['3', 'suppressed', 'outranked', 'pass:2'], ['1', 'suppressed', 'outranked', 'pass:2']]);
    }));
  });
});

describe('gates before fatigue', () => {
  const stale = { permission: 'granted' as const, lastSeenAt: after(-30 * 24) };
  const live = { permission: null, lastSeenAt: after(-30 * 24 + 1) };
  const denied = { permission: 'denied' as const, lastSeenAt: T };
  const off = (topic: string) => [{ channel: 'push' as const, topic, state: 'unsubscribed' as const }];
  const on = (topic: string) => [{ channel: 'push' as const, topic, state: 'subscribed' as const }];

  it.each<[string | null, Partial<UserState>, Partial<DueRow>]>([
    ['global_holdout', { globalHoldout: true, devices: [] }, {}],
    [null, { globalHoldout: true }, { transactional: true }],
    ['suppressed_address', { address: 'suppressed' }, { channel: 'email', transactional: true }],
    [null, { address: 'suppressed' }, {}],
    ['unsubscribed', { subscriptions: off('promo'), devices: [] }, {}],
    ['unsubscribed', { subscriptions: [...off(''), ...on('promo')] }, {}],
    [null, { subscriptions: off('news') }, {}],
    [null, { subscriptions: off('') }, { transactional: true }],
    [null, { subscriptions: off('') }, { channel: 'email' }],
    ['no_device', { devices: [] }, {}],
    ['permission_denied', { devices: [denied] }, { transactional: true }],
    ['stale_device', { devices: [denied, stale] }, {}],
    [null, { devices: [denied, stale, live] }, {}],
    ['no_email', { address: 'none' }, { channel: 'email', transactional: true }],
    ['expired', {}, { expiresAt: new Date(T.getTime() - 1) }],
    [null, {}, { expiresAt: T }],
  ])('%s for %j and %j', (reason, user, row) => {
    expect(decide({ user, rows: [row] })[0]).toMatchObject({ outcome: reason ? 'suppressed' : 'queued', reason });
  });

  it('under optIn only who subscribed to the channel or the topic', () => {
    const consent = { push: 'optIn', email: 'optOut' } as const;
    const reasons = [[], on('news'), on('promo'), on('')].map((subscriptions) => decide({ consent, user: { subscriptions } })[0]!.reason);
    expect(reasons).toEqual(['unsubscribed', 'unsubscribed', null, null]);
  });
});

describe('fatigue', () => {
  it('names the first gate in order: quiet hours, gap, cap', () => {
    const history = [sent(1)];
    expect(decide({ policy: FULL, user: { history }, t: after(11) })[0]!.reason).toBe('quiet_hours');
    expect(decide({ policy: FULL, user: { history } })[0]).toMatchObject({ reason: 'minimum_gap', cap: null, blockingId: 'sent-1' });
    expect(decide({ policy: FULL, user: { history: [sent(4)] } })[0]).toMatchObject({ reason: 'frequency_cap', cap: 0, blockingId: 'sent-4' });
    expect(decide({ policy: FULL, user: { history: [sent(24)] } })[0]!.outcome).toBe('queued');
  });

  it('holds a cap across channels and by topic', () => {
    const any = { ...CAP, channel: 'any' } as const;
    const promo = { ...any, topic: 'promo' };
    const mail = [sent(1, { channel: 'email', topic: 'news' })];
    expect(decide({ policy: { caps: [any] }, user: { history: mail } })[0]!.reason).toBe('frequency_cap');
    expect(decide({ policy: { caps: [CAP, promo] }, user: { history: mail } })[0]!.reason).toBe(null);
    expect(decide({ policy: { caps: [promo] }, user: { history: [sent(1)] }, rows: [{ topic: 'news' }] })[0]!.reason).toBe(null);
  });

  it('neither holds back nor counts a transactional message, in quiet hours or beside a marketing one', () => {
    const rows = [{ transactional: true, topic: null, priority: 99 }, {}];
    expect(decide({ policy: FULL, rows }).map(({ outcome }) => outcome)).toEqual(['queued', 'queued']);
    expect(decide({ policy: FULL, rows: [{ transactional: true }], t: after(11) })[0]!.outcome).toBe('queued');
  });

  it('lets ignoreCaps through caps and gap but not through quiet hours, and counts it', () => {
    const history = [sent(1)];
    expect(decide({ policy: FULL, user: { history }, rows: [{ ignoreCaps: true }] })[0]!.outcome).toBe('queued');
    expect(decide({ policy: FULL, rows: [{ ignoreCaps: true }], t: after(11) })[0]!.reason).toBe('quiet_hours');
    expect(decide({ policy: FULL, rows: [{ ignoreCaps: true, priority: 90 }, {}] })[1]!.reason).toBe('outranked');
  });

  it('calls outranked only what would have passed without this pass', () => {
    const caps = [{ ...CAP, limit: 2 }, { ...CAP, key: 'promo', topic: 'promo' }];
    const [first, second] = decide({ policy: { caps }, user: { history: [sent(2)] }, rows: [{ topic: 'news', priority: 90 }, {}] });
    expect(first!.outcome).toBe('queued');
    expect(second).toMatchObject({ reason: 'frequency_cap', cap: 0 });
  });

  it('sends what is worth nothing to nobody, behind every cap and before the holdout, and gives the slot to the worthiest', () => {
    const worth = true;
    expect(decide({ rows: [{ worth, netWorth: 0 }] })[0]).toMatchObject({ outcome: 'suppressed', reason: 'not_worth_it' });
    expect(decide({ rows: [{ worth, netWorth: -1, heldOut: true }] })[0]!.reason).toBe('not_worth_it');
    expect(decide({ policy: FULL, user: { history: [sent(1)] }, rows: [{ worth, netWorth: -1 }] })[0]!.reason).toBe('minimum_gap');
    const rows = [{ worth, netWorth: 1 }, { worth, netWorth: 2 }, { netWorth: 0 }];
    expect(decide({ policy: { caps: [CAP] }, rows }).map(({ campaignId, reason }) => [campaignId, reason]))
      .toEqual([['2', null], ['1', 'outranked'], ['3', 'outranked']]);
  });

  it('a held-out row passed every gate and takes no slot', () => {
    const [ghost, next] = decide({ policy: FULL, rows: [{ heldOut: true, priority: 90 }, {}] });
    expect([ghost!.outcome, next!.outcome]).toEqual(['held_out', 'queued']);
    expect(decide({ policy: FULL, user: { history: [sent(1)] }, rows: [{ heldOut: true }] })[0]!.outcome).toBe('suppressed');
  });

  it('replaces limits by the first tier that holds the user, then cuts for the unopened', () => {
    const policy = {
      caps: [{ ...CAP, limit: 2 }], adaptive: { enabled: true, unopenedStreak: 5, factor: 0.5, floor: 1 },
      tiers: [{ segment: 'vip', caps: { 'push-day': 4 } }, { segment: 'staff', caps: { 'push-day': 1 } }],
    };
    const admitted = (user: Partial<UserState>): number =>
      decide({ policy, user, rows: Array.from({ length: 6 }, () => ({})) }).filter(({ outcome }) => outcome === 'queued').length;
    expect(admitted({})).toBe(2);
    expect(admitted({ segments: new Set(['staff', 'vip']) })).toBe(4);
    expect(admitted({ segments: new Set(['staff']) })).toBe(1);
    expect(admitted({ segments: new Set(['vip']), unopened: { push: 5, email: 0 } })).toBe(2);
    expect(admitted({ segments: new Set(['vip']), unopened: { push: 0, email: 50 } })).toBe(4);
  });
});

describe('defer', () => {
  it('waits for the least instant at which every gate passes, not only the first', () => {
    // The gap ends at 15:00, the cap at 11:00 tomorrow; a message at 23:00 would meet the night.
    expect(decide({ policy: FULL, user: { history: [sent(1)] }, rows: [{ onFatigue: 'defer' }] })[0])
      .toMatchObject({ outcome: 'deferred', reason: 'minimum_gap', freeAt: after(23) });
    expect(decide({ policy: FULL, user: { history: [sent(13)] }, rows: [{ onFatigue: 'defer' }] })[0])
      .toMatchObject({ outcome: 'deferred', reason: 'frequency_cap', freeAt: after(20) });
  });

  it('never past expiry, but up to it', () => {
    const row = { onFatigue: 'defer' as const };
    expect(decide({ policy: FULL, user: { history: [sent(1)] }, rows: [{ ...row, expiresAt: after(23) }] })[0]!.outcome).toBe('deferred');
    expect(decide({ policy: FULL, user: { history: [sent(1)] }, rows: [{ ...row, expiresAt: new Date(after(23).getTime() - 1) }] })[0])
      .toMatchObject({ outcome: 'suppressed', reason: 'minimum_gap', freeAt: null });
  });
});

const channel = fc.constantFrom('push' as const, 'email' as const);
const anyChannel = fc.constantFrom('push' as const, 'email' as const, 'any' as const);
const topic = fc.constantFrom('promo', 'news');
const hours = fc.integer({ min: 1, max: 60 }).map((n) => `PT${n}H`);
const time = fc.integer({ min: 0, max: 23 }).map((n) => `${String(n).padStart(2, '0')}:00`);
const policies: fc.Arbitrary<FatiguePolicy> = fc.record({
  caps: fc.array(fc.record({
    key: fc.string(), channel: anyChannel, topic: fc.option(topic, { nil: undefined }), limit: fc.integer({ min: 1, max: 3 }),
    window: fc.oneof(
      hours.map((duration) => ({ type: 'rolling' as const, duration })),
      fc.record({ type: fc.constant('calendar' as const), unit: fc.constantFrom('day' as const, 'week' as const), timezone: fc.constantFrom('user', 'UTC') })),
  }), { maxLength: 3 }),
  minimumGap: fc.array(fc.record({ channel: anyChannel, duration: hours }), { maxLength: 2 }),
  quietHours: fc.array(fc.record({ channel: anyChannel, start: time, end: time, days: fc.constant(['mon', 'sat', 'sun'] as const) })
    .filter(({ start, end }) => start !== end), { maxLength: 2 }),
  tiers: fc.constant([]),
  adaptive: fc.constant(EMPTY_POLICY.adaptive),
});
const histories = fc.array(fc.record({
  id: fc.uuid(), channel, topic, at: fc.oneof(fc.constant('unsettled' as const), fc.integer({ min: -100, max: 0 }).map(after)),
}), { maxLength: 6 });
const rows = fc.array(fc.record({
  channel, topic, priority: fc.integer({ min: 0, max: 3 }), onFatigue: fc.constantFrom('drop' as const, 'defer' as const), ignoreCaps: fc.boolean(),
  heldOut: fc.boolean(), transactional: fc.boolean(),
}), { minLength: 1, maxLength: 6 });
const zones = fc.constantFrom('Europe/Berlin', 'Asia/Kathmandu', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Australia/Lord_Howe');

it('the order in which rows are handed in never matters', () => {
  fc.assert(fc.property(policies, histories, rows, fc.infiniteStream(fc.nat()), (policy, history, due, keys) => {
    const named = due.map((row, i) => ({ ...row, campaignId: String(i + 1) }));
    const shuffled = named.map((row) => ({ row, key: keys.next().value as number })).sort((a, b) => a.key - b.key).map(({ row }) => row);
    expect(decide({ policy, user: { history }, rows: shuffled })).toEqual(decide({ policy, user: { history }, rows: named }));
  }), { numRuns: 200 });
});

it('nothing is admitted past a gate, nothing is held without one, and deferral is to the least instant at which all pass', () => {
  fc.assert(fc.property(policies, histories, rows, zones, (policy, history, due, zone) => {
    const named = due.map((row, i) => ({ ...ROW, ...row, campaignId: String(i + 1), expiresAt: after(200) }));
    const user = { ...USER, zone, history };
    const taken: CountedMessage[] = [];
    for (const decision of decide({ policy, user, rows: named })) {
      const row = named.find(({ campaignId }) => campaignId === decision.campaignId)!;
      const question: FatigueQuestion = { ...row, policy, user, durationMs };
      const counted = [...history, ...taken];
      const passes = row.transactional || !firstHold(question, counted, T);
      expect(['queued', 'held_out'].includes(decision.outcome)).toBe(passes);
      if (decision.outcome === 'queued' && !row.transactional) taken.push({ id: 'x', channel: row.channel, topic: row.topic, at: 'unsettled' });
      if (!passes) expect(decision.freeAt).toEqual(row.onFatigue === 'defer' ? leastByBruteForce(question, counted, row.expiresAt) : null);
    }
  }), { numRuns: 150 });
});

/** Every boundary in these worlds lies on a quarter of an hour. */
function leastByBruteForce(question: FatigueQuestion, counted: CountedMessage[], until: Date): Date | null {
  const settled = counted.map((message) => (message.at === 'unsettled' ? { ...message, at: T } : message));
  for (let t = T.getTime(); t <= until.getTime(); t += HOUR / 4) {
    if (!firstHold(question, settled, new Date(t))) return new Date(t);
  }
  return null;
}

it('leastPassing is t itself where nothing holds', () => {
  expect(leastPassing({ ...ROW, policy: EMPTY_POLICY, user: USER, durationMs }, [], T, T)).toEqual(T);
});

describe('a slot held back for a campaign to come', () => {
  const rival = (hours: number, of: object = {}) => ({ campaignId: '99', channel: 'push' as const, topic: 'promo', priority: 90, dueAt: after(hours), ...of });
  const held = (of: Parameters<typeof decide>[0]) => decide({ policy: { caps: [{ ...CAP, limit: 2 }] }, rows: [{ onFatigue: 'defer' }], ...of })
    .map(({ outcome, reason, cap, freeAt }) => [outcome, reason, cap, freeAt])[0];

  it('is left to it by lower priorities, until it is due', () => {
    expect(held({ user: { history: [sent(1)] }, reservations: [rival(6)] })).toEqual(['deferred', 'reserved_for_priority', 0, after(6)]);
    expect(held({ user: { history: [sent(1)] }, reservations: [rival(6, { priority: 50 })] })![0]).toBe('queued');
    expect(held({ reservations: [rival(6)] })![0]).toBe('queued');
    expect(held({ reservations: [rival(6), rival(3, { campaignId: '98' })] })).toEqual(['deferred', 'reserved_for_priority', 0, after(6)]);
  });

  it('is not needed where a message leaves the window before, or ours has left it', () => {
    expect(held({ user: { history: [sent(19)] }, reservations: [rival(6)] })![0]).toBe('queued');
    expect(held({ user: { history: [sent(17)] }, reservations: [rival(6)] })![1]).toBe('reserved_for_priority');
    expect(held({ user: { history: [sent(1)] }, reservations: [rival(24)] })![0]).toBe('queued');
    expect(held({ user: { history: [sent(0)] }, reservations: [rival(23.999)] })![1]).toBe('reserved_for_priority');
  });
});
