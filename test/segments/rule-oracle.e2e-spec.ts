import fc from 'fast-check';
import { compileRule } from '../../src/segments/segment-compiler.js';
import { parseRule } from '../../src/segments/segment-rule.js';
import { NOW, ruleJson } from './rule-arbitraries.js';
import { BOOK, RuleWorlds, parsed, usersByOracle, usersBySql } from './rule-world.js';
import { NOBODY, world, type World } from './world-arbitraries.js';

const PAIRS = Number(process.env.RAPPORT_PROPERTY_RUNS ?? 500);
const HOSTILE = Math.max(500, Number(process.env.RAPPORT_PROPERTY_RUNS ?? 0) / 2);

let worlds: RuleWorlds;
beforeAll(async () => {
  worlds = await RuleWorlds.open();
});
afterAll(() => worlds.close());

it(`the SQL of a rule and the evaluator agree on every user of ${PAIRS} generated worlds, row by row and set-wise`, async () => {
  await fc.assert(fc.asyncProperty(world, fc.array(ruleJson, { minLength: 1, maxLength: 3 }), async (generated, jsons) => {
    await worlds.within(generated, async (tx) => {
      for (const rule of jsons.map(parsed)) {
        const expected = usersByOracle(rule, generated);
        expect(await usersBySql(tx, rule, generated, 'row')).toEqual(expected);
        expect(await usersBySql(tx, rule, generated, 'set')).toEqual(expected);
      }
    });
  }), { numRuns: PAIRS });
}, 1_800_000);

const HOSTILE_TEXTS = ["'", '"', "' or true --", '$1', '$NOW', ':now', '\\', '{}', '{"a":1}', '[]', 'null', '::int', 'u.email', '%s', '../..', '\u202e', 'a,b', '{a,b}', 'NaN', 'Infinity'];
const hostileText = fc.oneof(
  fc.constantFrom(...HOSTILE_TEXTS), fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
);
const hostileScalar = fc.oneof(hostileText, fc.double(), fc.maxSafeInteger(), fc.constantFrom(1e308, -1e308, 5e-324, Number.MAX_SAFE_INTEGER));
const hostileTest = fc.oneof(
  fc.record({ op: fc.constantFrom('eq', 'ne', 'gt', 'lte', 'contains', 'startsWith', 'before', 'withinLast'), value: hostileScalar }),
  fc.record({ op: fc.constantFrom('in', 'notIn'), value: fc.array(hostileScalar, { minLength: 1, maxLength: 5 }) }),
  fc.constantFrom({ op: 'exists' }),
);
const hostileRule = fc.tuple(hostileText, hostileText, hostileTest, fc.double()).chain(([name, other, test, number]) => fc.constantFrom<object>(
  { attribute: name, ...test },
  { event: name, where: [{ property: other, ...test }] },
  { event: name, aggregate: 'sum', of: other, op: 'gt', value: number },
  { event: name, aggregate: 'average', op: 'in', value: [number] },
  { message: 'sent', campaignId: other, op: 'eq', value: number },
  { score: 'engagement.push.attention', op: 'lt', value: number },
  { segment: name },
  { score: name, ...test },
));

it(`${HOSTILE} hostile names and values are refused by the parser or harmless in SQL`, async () => {
  let ran = 0;
  const empty: World = { users: [], settings: { now: NOW, currency: 'EUR', consent: { push: 'optOut', email: 'optOut' }, staleDeviceAfter: 'P30D' }, priors: PRIORS };
  const hostile: World = { ...empty, users: [userWith('plan', 'gold'), userWith('plan', 1e300)] };
  await fc.assert(fc.asyncProperty(hostileRule, async (json) => {
    const result = parseRule(json);
    if (!result.ok || JSON.stringify(json).includes('"segment"')) return;
    ran += 1;
    await worlds.within(hostile, async (tx) => {
      expect(await usersBySql(tx, result.rule, hostile, 'row')).toEqual(usersByOracle(result.rule, hostile));
    });
  }), { numRuns: HOSTILE });
  expect(ran).toBeGreaterThan(HOSTILE / 4);
}, 1_800_000);

it('no value and no name of a rule stands in the SQL text', () => {
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'xyzqj'), minLength: 6, maxLength: 9 }), (word) => {
    const rule = parsed({ all: [
      { attribute: `${word}.${word}`, op: 'eq', value: word }, { event: word, where: [{ property: word, op: 'in', value: [word, word] }], aggregate: 'sum', of: word, value: 7919 },
      { attribute: word, op: 'startsWith', value: word }, { message: 'sent', campaignId: word }, { attribute: '$createdAt', op: 'before', value: '2031-07-09T00:00:00Z' },
    ] });
    const { sql } = compileRule(rule, { settings: { currency: word, consent: { push: 'optIn', email: 'optIn' }, staleDeviceAfter: 'P30D' }, segments: BOOK, priors: PRIORS });
    expect(sql).not.toContain(word);
    expect(sql).not.toMatch(/7919|2031/);
  }));
});

const PRIORS = {
  push: { openRate: { kind: 'pooled' as const, mean: 0.1 }, optOut: { alpha: 1, beta: 1 }, attention: { alpha: 1, beta: 1, gamma: 1, delta: 1 } },
  email: { openRate: { kind: 'pooled' as const, mean: 0.1 }, optOut: { alpha: 1, beta: 1 }, attention: { alpha: 1, beta: 1, gamma: 1, delta: 1 } },
};

function userWith(name: string, value: unknown): World['users'][number] {
  return {
    ...NOBODY, attributes: { [name]: value, "'": value, null: value },
    events: [{ name: 'null', occurredAt: NOW, value: 1, currency: null, properties: { [name]: value, '"': value } }],
  };
}
