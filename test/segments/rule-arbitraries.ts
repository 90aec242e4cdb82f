import fc from 'fast-check';

/** The decision instant of every generated world. */
export const NOW = new Date('2026-03-02T12:00:00.000Z');

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Instants on and beside every edge that a window can have. */
export const INSTANTS = [0, 1, -1, HOUR, -HOUR, -12 * HOUR, -12 * HOUR - 1, -DAY, -DAY + 1, -DAY - 1, -36 * HOUR, -36 * HOUR - 1, -2 * DAY, -10 * DAY,
  -30 * DAY, -30 * DAY - 1, -45 * DAY, -60 * DAY, -3_650 * DAY].map((ms) => new Date(NOW.getTime() + ms));
// Mostly within two days, where edges of windows cut days that hold other events too.
export const NEAR = INSTANTS.filter((at) => Math.abs(at.getTime() - NOW.getTime()) <= 2 * DAY);
export const instant = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...NEAR) }, { weight: 1, arbitrary: fc.constantFrom(...INSTANTS) });
const text = instant.map((at) => at.toISOString());
const duration = fc.constantFrom('PT1H', 'PT12H', 'PT12H0.001S', 'P1D', 'PT36H', 'P2D', 'P30D', 'P365D', 'PT0.001S');

export const NAMES = ['plan', 'a', 'a.b', 'a.b.c', '0', 'constructor', 'toString', 'ünï "x"', 'tags'];
const name = fc.constantFrom(...NAMES);
export const TEXTS = ['', 'gold', 'Gold', 'gol', '0', '1', '10', '9', 'ä', '\u{1F600}', '\uFFFD', 'null', 'true', '%', '_', "'; drop table users; --",
  '2026-03-01T12:00:00Z', '2026-03-01T13:00:00+01:00', '2026-03-02t12:00:00.000z', '2026-02-30T00:00:00Z', '2026-03-01', 'now'];
export const NUMBERS = [0, 1, -1, 2, 2.5, 0.1, 0.3, 10, 1e21, -1e-7];
const scalar = fc.oneof(fc.constantFrom<unknown>(...TEXTS), fc.constantFrom<unknown>(...NUMBERS), fc.boolean());
export const jsonValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: scalar }, { weight: 1, arbitrary: fc.constant(null) }, { weight: 2, arbitrary: text },
  { weight: 1, arbitrary: fc.array(fc.oneof(scalar, fc.constant(['gold'])), { maxLength: 3 }) },
  { weight: 2, arbitrary: fc.dictionary(fc.constantFrom('b', 'c', '0'), fc.oneof(scalar, fc.dictionary(fc.constantFrom('c', '0'), scalar, { maxKeys: 2 })), { maxKeys: 2 }) },
);

const jsonTest = fc.oneof(
  fc.record({ op: fc.constantFrom('eq', 'ne'), value: scalar }),
  fc.record({ op: fc.constantFrom('gt', 'gte', 'lt', 'lte'), value: fc.constantFrom<unknown>(...TEXTS, ...NUMBERS) }),
  fc.record({ op: fc.constantFrom('in', 'notIn'), value: fc.array(scalar, { minLength: 1, maxLength: 4 }) }),
  fc.record({ op: fc.constant('contains'), value: scalar.filter((value) => value !== '') }),
  fc.record({ op: fc.constant('startsWith'), value: fc.constantFrom(...TEXTS.slice(1)) }),
  fc.record({ op: fc.constantFrom('exists', 'notExists') }),
  fc.record({ op: fc.constantFrom('before', 'after'), value: text }),
  fc.record({ op: fc.constantFrom('withinLast', 'notWithinLast'), value: duration }),
);
const textTest = jsonTest.filter((test) =>
  !['before', 'after', 'withinLast', 'notWithinLast'].includes(test.op)
  && [(test as { value?: unknown }).value ?? ''].flat().every((value) => typeof value === 'string'));
const timeTest = jsonTest.filter((test) => ['before', 'after', 'withinLast', 'notWithinLast', 'exists', 'notExists'].includes(test.op));

const number = fc.constantFrom(0, 1, 1, 2, 2, 3, 0.3, 2.5, -1, 10, 30, 44);
const numberTest = fc.oneof(
  fc.record({ op: fc.constantFrom('eq', 'ne', 'gt', 'gte', 'lt', 'lte'), value: number }),
  fc.record({ op: fc.constantFrom('in', 'notIn'), value: fc.array(number, { minLength: 1, maxLength: 3 }) }),
  fc.constant({}),
);

const attribute = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(name, jsonTest).map(([attr, test]) => ({ attribute: attr, ...test })) },
  fc.tuple(fc.constantFrom('$email', '$timezone', '$locale'), textTest).map(([attr, test]) => ({ attribute: attr, ...test })),
  fc.tuple(fc.constantFrom('$createdAt', '$lastSeenAt'), timeTest).map(([attr, test]) => ({ attribute: attr, ...test })),
);

export const EVENTS = ['purchase', 'purchase', 'purchase', 'view'];
const window = fc.oneof(
  fc.constant({}),
  duration.map((within) => ({ within })),
  text.map((from) => ({ from })),
  text.map((to) => ({ to })),
  fc.tuple(instant, instant).filter(([a, b]) => a < b).map(([a, b]) => ({ from: a.toISOString(), to: b.toISOString() })),
);
const measured = fc.oneof(
  fc.constantFrom<object>({}, {}, { aggregate: 'count' }, { aggregate: 'distinctDays' }, { aggregate: 'daysSinceFirst' }, { aggregate: 'daysSinceLast' }),
  fc.tuple(fc.constantFrom('sum', 'average', 'min', 'max'), fc.constantFrom<object>({}, { of: 'value' }, { of: 'size' }, { of: 'box.w' }))
    .map(([aggregate, of]) => ({ aggregate, ...of })),
);
const where = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.array(fc.tuple(fc.constantFrom('size', 'box.w', 'sku'), jsonTest).map(([property, test]) => ({ property, ...test })), { maxLength: 2 })
    .map((list) => ({ where: list })) },
);
const event = fc.tuple(fc.constantFrom(...EVENTS), window, measured, where, numberTest)
  .map(([named, when, how, which, test]) => ({ event: named, ...when, ...how, ...which, ...test }));

const message = fc.tuple(
  fc.constantFrom('sent', 'opened', 'clicked', 'converted'),
  fc.constantFrom<object>({}, { channel: 'push' }, { channel: 'email' }),
  fc.constantFrom<object>({}, { campaignId: '1' }, { campaignId: '2' }, { campaignId: 'x' }),
  fc.oneof(fc.constant({}), duration.map((within) => ({ within }))), numberTest,
).map(([fact, channel, campaign, when, test]) => ({ message: fact, ...channel, ...campaign, ...when, ...test }));

const scoreTest = fc.oneof(
  fc.record({ op: fc.constantFrom('eq', 'ne', 'gt', 'gte', 'lt', 'lte'), value: fc.constantFrom(1, 3, 5, 0.47, 0.104, 0.051, 0.9) }),
  fc.record({ op: fc.constantFrom('in', 'notIn'), value: fc.constant([1, 3]) }),
  fc.record({ op: fc.constantFrom('exists', 'notExists') }),
);
const score = fc.oneof(
  fc.tuple(fc.constantFrom('rfm.recency', 'rfm.frequency', 'rfm.monetary', 'value.probabilityAlive', 'value.expectedPurchases90d', 'value.expectedValue90d',
    'engagement.push.openRate', 'engagement.push.optOutRisk', 'engagement.push.attention', 'engagement.email.openRate', 'engagement.email.optOutRisk', 'engagement.email.attention'), scoreTest)
    .map(([named, test]) => ({ score: named, ...test })),
  fc.oneof(
    fc.record({ op: fc.constantFrom('eq', 'ne'), value: fc.constantFrom('champions', 'at_risk') }),
    fc.record({ op: fc.constantFrom('in', 'notIn'), value: fc.constant(['champions', 'new']) }),
    fc.record({ op: fc.constantFrom('exists', 'notExists') }),
  ).map((test) => ({ score: 'rfm.group', ...test })),
);

const condition: fc.Arbitrary<object> = fc.oneof(
  { weight: 5, arbitrary: attribute }, { weight: 10, arbitrary: event }, { weight: 3, arbitrary: message }, { weight: 3, arbitrary: score },
  { weight: 1, arbitrary: fc.constantFrom('everyone', 'listed', 'ruled').map((segment) => ({ segment })) },
  { weight: 1, arbitrary: fc.constantFrom('push', 'email').map((reachable) => ({ reachable })) },
);

/** Rules of the public language as JSON, up to four levels deep. */
export const ruleJson: fc.Arbitrary<object> = fc.letrec<{ rule: object }>((tie) => ({
  rule: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 4, arbitrary: condition },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom('all', 'any'), fc.array(tie('rule'), { minLength: 1, maxLength: 3 })).map(([kind, rules]) => ({ [kind]: rules })) },
    { weight: 1, arbitrary: tie('rule').map((rule) => ({ not: rule })) },
  ),
})).rule;
