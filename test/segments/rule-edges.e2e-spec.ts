import { STATED_PRIORS } from '../../src/scoring/index.js';
import { worldUser } from './world-in-memory.js';
import { NEAR, NOW, NUMBERS, TEXTS } from './rule-arbitraries.js';
import { RuleWorlds, parsed, usersByOracle, usersBySql } from './rule-world.js';
import { NOBODY, type GeneratedMessage, type GeneratedUser, type World } from './world-arbitraries.js';

let worlds: RuleWorlds;
beforeAll(async () => {
  worlds = await RuleWorlds.open();
});
afterAll(() => worlds.close());

function worldOf(users: GeneratedUser[]): World {
  return {
    users, priors: { push: STATED_PRIORS, email: STATED_PRIORS },
    settings: { now: NOW, currency: 'EUR', consent: { push: 'optOut', email: 'optOut' }, staleDeviceAfter: 'P30D' },
  };
}

/** Users that hold every kind of JSON value, one each; the first has none. */
const VALUES: unknown[] = [
  ...TEXTS, ...NUMBERS, 1e300, true, false, null, [], ['gold', 1, true, null], [['gold']], ['1'], {}, { b: 'gold' }, { 0: 'gold' }, '2026-03-01T12:00:00.0001Z',
];
const SCALARS: unknown[] = [...TEXTS, ...NUMBERS, true, false];

describe('every operator against every kind of value', () => {
  const world = worldOf([NOBODY, ...VALUES.map((value) => ({ ...NOBODY, attributes: { plan: value } }))]);
  const comparable = SCALARS.filter((value) => typeof value !== 'boolean');
  const tests: Record<string, object[]> = {
    eq: SCALARS.map((value) => ({ op: 'eq', value })),
    ne: SCALARS.map((value) => ({ op: 'ne', value })),
    in: [{ op: 'in', value: SCALARS }, { op: 'in', value: ['gold', 1] }, { op: 'in', value: [true] }],
    notIn: [{ op: 'notIn', value: SCALARS }, { op: 'notIn', value: ['gold', 1] }, { op: 'notIn', value: [true] }],
    order: comparable.flatMap((value) => ['gt', 'gte', 'lt', 'lte'].map((op) => ({ op, value }))),
    contains: SCALARS.filter((value) => value !== '').map((value) => ({ op: 'contains', value })),
    startsWith: TEXTS.filter(Boolean).map((value) => ({ op: 'startsWith', value })),
    presence: [{ op: 'exists' }, { op: 'notExists' }],
    times: ['before', 'after'].flatMap((op) => ['2026-03-01T12:00:00Z', '2026-03-02T13:00:00+01:00', '9999-12-31T23:59:59Z'].map((value) => ({ op, value }))),
    recent: ['withinLast', 'notWithinLast'].flatMap((op) => ['PT1H', 'P1D', 'PT24H0.001S', 'P36525D'].map((value) => ({ op, value }))),
  };

  it.each(Object.keys(tests))('%s', async (kind) => {
    await worlds.within(world, async (tx) => {
      for (const test of tests[kind]!) {
        const rule = parsed({ attribute: 'plan', ...test });
        expect([test, await usersBySql(tx, rule, world, 'row')]).toEqual([test, usersByOracle(rule, world)]);
      }
    });
  });

  it('a path goes into objects only', async () => {
    await worlds.within(world, async (tx) => {
      for (const attribute of ['plan.b', 'plan.0', 'plan.length', 'plan.b.c', 'plan']) {
        const rule = parsed({ attribute, op: 'exists' });
        expect([attribute, await usersBySql(tx, rule, world, 'row')]).toEqual([attribute, usersByOracle(rule, world)]);
      }
      expect(usersByOracle(parsed({ attribute: 'plan.0', op: 'eq', value: 'gold' }), world)).toHaveLength(1);
    });
  });
});

describe('every window against days that it cuts', () => {
  // A day is kept by currency: only purchases in the same one can lie on both sides of an edge in one row.
  const CURRENCIES = [['EUR', 'EUR', 'EUR'], ['EUR', 'USD', 'EUR'], [null, null, 'USD']] as const;
  /** Users with three purchases each, at choices of three instants around the edges. */
  const users = NEAR.flatMap((a, i) => NEAR.slice(i + 1).flatMap((b, j) => NEAR.slice(i + j + 2).filter((_, k) => k % 2 === 0).map((c) => ({
    ...NOBODY,
    events: [a, b, c].map((occurredAt, n) => ({ name: 'purchase', occurredAt, value: 10 ** n, currency: CURRENCIES[(i + j) % 3]![n]!, properties: null })),
  }))));
  const world = worldOf([NOBODY, ...users]);
  const windows: object[] = [
    {}, ...['PT0.001S', 'PT1H', 'PT12H', 'PT12H0.001S', 'P1D', 'PT36H', 'P2D'].map((within) => ({ within })),
    ...NEAR.filter((_, i) => i % 2 === 0).flatMap((at) => [{ from: at.toISOString() }, { to: at.toISOString() }]),
    ...NEAR.flatMap((a, i) => NEAR.slice(i + 1).map((b) => [a, b].sort((x, y) => x.getTime() - y.getTime()))).filter((_, i) => i % 8 === 0)
      .map(([from, to]) => ({ from: from!.toISOString(), to: to!.toISOString() })),
  ];
  const asked: Record<string, object> = {
    presence: {}, absence: { op: 'eq', value: 0 }, 'two of them': { op: 'eq', value: 2 }, sum: { aggregate: 'sum', op: 'in', value: [0, 1, 10, 11, 101, 110] },
    'days of them': { aggregate: 'distinctDays', op: 'gte', value: 2 }, 'days since the first': { aggregate: 'daysSinceFirst', op: 'gte', value: 1 },
    'days since the last': { aggregate: 'daysSinceLast', op: 'lt', value: 1 }, 'the least': { aggregate: 'min', op: 'gte', value: 10 },
  };

  it.each(Object.keys(asked))('%s', async (what) => {
    await worlds.within(world, async (tx) => {
      await tx.raw('analyze users, user_event_days, events');
      for (const window of windows) {
        const rule = parsed({ event: 'purchase', ...window, ...asked[what] });
        const expected = usersByOracle(rule, world);
        for (const shape of ['row', 'set'] as const) expect([window, shape, await usersBySql(tx, rule, world, shape)]).toEqual([window, shape, expected]);
      }
    });
  });
});

describe('engagement of every short history', () => {
  const message = (changes: Partial<GeneratedMessage>): GeneratedMessage => ({
    channel: 'push', campaign: 1, test: false, transactional: false, state: 'sent', settledAt: NOW, openedAt: null, clickedAt: null, conversions: [], ...changes,
  });
  const kinds: (Partial<GeneratedMessage> | undefined)[] = [
    undefined, {}, { openedAt: NOW }, { openedAt: NOW, transactional: true }, { openedAt: NOW, test: true }, { openedAt: NOW, state: 'failed' },
    { channel: 'email', clickedAt: NOW },
  ];
  // Written last is settled first, so that an ordinal by id would be the wrong one.
  const users = kinds.flatMap((a) => kinds.flatMap((b) => kinds.map((c) => ({
    ...NOBODY,
    messages: [a, b, c].flatMap((kind, i) => (kind ? [message({ ...kind, settledAt: new Date(NOW.getTime() - i * 1_000) })] : [])),
  }))));
  const world = worldOf(users);

  it.each(['push', 'email'].flatMap((channel) => ['openRate', 'optOutRisk', 'attention'].map((name) => [channel, name] as const)))('%s %s', async (channel, name) => {
    const values = users.map((user) => worldUser(user, world).engagement[channel as 'push'][name as 'openRate']);
    const steps = [...new Set(values)].sort((a, b) => a - b).filter((value, i, all) => i === 0 || value - all[i - 1]! > 1e-9);
    expect(steps.length).toBeGreaterThan(1);
    await worlds.within(world, async (tx) => {
      for (const [i, step] of steps.slice(1).entries()) {
        const rule = parsed({ score: `engagement.${channel}.${name}`, op: 'gt', value: (step + steps[i]!) / 2 });
        const expected = usersByOracle(rule, world);
        for (const shape of ['row', 'set'] as const) expect(await usersBySql(tx, rule, world, shape)).toEqual(expected);
      }
    });
  });
});

describe('reach by every mix of device, address and consent', () => {
  const devices = [null, 'granted' as const, 'denied' as const, 'provisional' as const].flatMap((permission) =>
    [-30, -30.00001, -29.9, 0].map((days) => [{ permission, lastSeenAt: new Date(NOW.getTime() + days * 86_400_000) }]));
  const states = [undefined, 'subscribed' as const, 'unsubscribed' as const];
  const subscriptions = states.flatMap((whole) => states.map((topic) => (['push', 'email'] as const).flatMap((channel) => [
    ...(whole ? [{ channel, topic: '', state: whole }] : []), ...(topic ? [{ channel, topic: 'promo', state: topic }] : []),
  ])));
  const users = [...devices, []].flatMap((own) => subscriptions.map((consented, i) => ({
    ...NOBODY, devices: own, subscriptions: consented, email: i % 4 === 0 ? null : 'a@example.com', suppressed: i % 4 === 1,
  })));

  it.each(['optOut', 'optIn'] as const)('under %s', async (mode) => {
    const world = { ...worldOf(users), settings: { ...worldOf([]).settings, consent: { push: mode, email: mode } } };
    await worlds.within(world, async (tx) => {
      for (const reachable of ['push', 'email']) {
        const rule = parsed({ reachable });
        const expected = usersByOracle(rule, world);
        expect(expected.length).toBeGreaterThan(0);
        expect(await usersBySql(tx, rule, world, 'set')).toEqual(expected);
      }
    });
  });
});
