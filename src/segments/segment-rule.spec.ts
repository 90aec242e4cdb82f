import { RFM_GROUPS } from '../scoring/index.js';
import { GROUPS, parseRule, segmentKeys, type Rule } from './segment-rule.js';

function rule(json: unknown): Rule {
  const result = parseRule(json);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.rule;
}

function paths(json: unknown): string[] {
  const result = parseRule(json);
  return result.ok ? [] : result.errors.map((error) => error.path);
}

const LEAF = { attribute: 'plan', op: 'eq', value: 'gold' };
const nested = (levels: number): object => (levels === 1 ? LEAF : { not: nested(levels - 1) });

describe('parseRule', () => {
  it('reads every condition of the contract with its defaults', () => {
    expect(rule({ attribute: 'address.city', op: 'in', value: ['Rome', 1, true] })).toEqual({ kind: 'attribute', path: ['address', 'city'], test: { op: 'in', values: ['Rome', 1, true] } });
    expect(rule({ attribute: '$lastSeenAt', op: 'notWithinLast', value: 'P30D' })).toEqual({ kind: 'field', field: 'lastSeenAt', test: { op: 'notWithinLast', ms: 30 * 86_400_000 } });
    expect(rule({ event: 'purchase' })).toEqual({ kind: 'event', event: 'purchase', where: [], window: {}, aggregate: 'count', of: 'value', test: { op: 'gte', value: 1 } });
    expect(rule({ event: 'purchase', from: '2026-01-01T00:00:00Z', aggregate: 'max', of: 'box.size', op: 'lt', value: 3 })).toMatchObject({
      window: { from: new Date('2026-01-01T00:00:00Z') }, aggregate: 'max', of: ['box', 'size'], test: { op: 'lt', value: 3 },
    });
    expect(rule({ event: 'view', within: 'PT4H', where: [{ property: 'sku', op: 'startsWith', value: 'A' }] })).toMatchObject({
      window: { within: 4 * 3_600_000 }, where: [{ path: ['sku'], test: { op: 'startsWith', value: 'A' } }],
    });
    expect(rule({ message: 'opened', channel: 'push', campaignId: '7', within: 'P7D', op: 'eq', value: 0 })).toEqual({
      kind: 'message', fact: 'opened', channel: 'push', campaignId: '7', within: 7 * 86_400_000, test: { op: 'eq', value: 0 },
    });
    expect(rule({ score: 'engagement.email.optOutRisk', op: 'gt', value: 0.01 })).toMatchObject({ score: 'engagement.email.optOutRisk' });
    expect(rule({ all: [{ segment: 'a' }, { any: [{ segment: 'b' }, { reachable: 'email' }] }] })).toMatchObject({ kind: 'all' });
  });

  it.each<[string, unknown, string[]]>([
    ['no rule', null, ['rule']],
    ['a list', [LEAF], ['rule']],
    ['nothing in it', {}, ['rule']],
    ['two kinds in one', { all: [LEAF], not: LEAF }, ['rule']],
    ['an empty list', { all: [] }, ['rule.all']],
    ['an unknown field', { ...LEAF, colour: 1 }, ['rule.colour']],
    ['a field beside a branch', { not: LEAF, op: 'eq' }, ['rule.op']],
    ['an unknown operator', { ...LEAF, op: 'like' }, ['rule.op']],
    ['no operator', { attribute: 'plan' }, ['rule.op']],
    ['no value', { attribute: 'plan', op: 'eq' }, ['rule.value']],
    ['null to compare with', { attribute: 'plan', op: 'eq', value: null }, ['rule.value']],
    ['a value where none belongs', { attribute: 'plan', op: 'exists', value: 1 }, ['rule.value']],
    ['an order of truths', { attribute: 'plan', op: 'gt', value: true }, ['rule.value']],
    ['a number that is none', { attribute: 'plan', op: 'eq', value: Infinity }, ['rule.value']],
    ['NUL in a value', { attribute: 'plan', op: 'eq', value: 'a\0' }, ['rule.value']],
    ['half a character', { attribute: '\ud800', op: 'exists' }, ['rule.attribute']],
    ['an empty name', { attribute: '', op: 'exists' }, ['rule.attribute']],
    ['an empty part of a name', { attribute: 'a..b', op: 'exists' }, ['rule.attribute']],
    ['a list with a wrong item', { attribute: 'plan', op: 'in', value: ['a', null, {}] }, ['rule.value[1]', 'rule.value[2]']],
    ['an empty list of values', { attribute: 'plan', op: 'in', value: [] }, ['rule.value']],
    ['a day that is none', { attribute: 'born', op: 'before', value: '2026-02-30T00:00:00Z' }, ['rule.value']],
    ['a duration without a length', { attribute: 'born', op: 'withinLast', value: 'P1M' }, ['rule.value']],
    ['no time at all', { attribute: 'born', op: 'withinLast', value: 'PT0S' }, ['rule.value']],
    ['an unknown built-in field', { attribute: '$plan', op: 'exists' }, ['rule.attribute']],
    ['a number for an address', { attribute: '$email', op: 'eq', value: 5 }, ['rule.value']],
    ['equality of a time', { attribute: '$createdAt', op: 'eq', value: '2026-01-01T00:00:00Z' }, ['rule.op']],
    ['a window twice', { event: 'e', within: 'P1D', from: '2026-01-01T00:00:00Z' }, ['rule.from']],
    ['a window backwards', { event: 'e', from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' }, ['rule.to']],
    ['of without effect', { event: 'e', of: 'size' }, ['rule.of']],
    ['an unknown aggregate', { event: 'e', aggregate: 'median' }, ['rule.aggregate']],
    ['a text for a count', { event: 'e', op: 'gt', value: '3' }, ['rule.value']],
    ['a test of texts for a count', { event: 'e', op: 'contains', value: 3 }, ['rule.op']],
    ['mistakes inside where', { event: 'e', where: [{ property: 'a', op: 'eq', value: 1 }, 5, { property: '', op: 'x', y: 1 }] },
      ['rule.where[1]', 'rule.where[2].y', 'rule.where[2].property', 'rule.where[2].op']],
    ['an unknown message fact', { message: 'read' }, ['rule.message']],
    ['an unknown channel', { message: 'sent', channel: 'sms' }, ['rule.channel']],
    ['an unknown score', { score: 'rfm.x', op: 'eq', value: 1 }, ['rule.score']],
    ['a text for a score', { score: 'rfm.recency', op: 'eq', value: '5' }, ['rule.value']],
    ['an unknown group', { score: 'rfm.group', op: 'in', value: ['champions', 'vip'] }, ['rule.value']],
    ['an order of groups', { score: 'rfm.group', op: 'gt', value: 'new' }, ['rule.op']],
    ['a key that is none', { segment: 'A B' }, ['rule.segment']],
    ['a channel that is none', { reachable: 'sms' }, ['rule.reachable']],
  ])('names the place of %s', (_, json, expected) => {
    expect(paths(json)).toEqual(expected);
  });

  it('names all mistakes, not only the first', () => {
    expect(paths({ all: [{ not: { attribute: 'a', op: 'x' } }, { any: [LEAF, { segment: '?' }, { foo: 1 }] }] })).toEqual([
      'rule.all[0].not.op', 'rule.all[1].any[1].segment', 'rule.all[1].any[2]',
    ]);
  });

  it('takes 8 levels and 50 conditions and no more', () => {
    expect(paths(nested(8))).toEqual([]);
    expect(paths(nested(9))).toEqual([`rule${'.not'.repeat(8)}`]);
    const leaves = (n: number): object => ({ any: [{ all: Array.from({ length: 25 }, () => LEAF) }, { all: Array.from({ length: n - 25 }, () => LEAF) }] });
    expect(paths(leaves(50))).toEqual([]);
    expect(paths(leaves(51))).toEqual(['rule']);
    expect(paths({ any: Array.from({ length: 100_000 }, () => 5) })).toEqual(['rule.any']);
  });

  it('reads names that JavaScript objects have of themselves as names and nothing else', () => {
    expect(rule({ attribute: 'constructor', op: 'exists' })).toMatchObject({ path: ['constructor'] });
    expect(paths(Object.create({ all: [LEAF] }))).toEqual(['rule']);
  });

  it('knows the groups of the scoring module', () => {
    expect([...GROUPS].sort()).toEqual([...RFM_GROUPS].sort());
  });
});

it('segmentKeys finds each key once, however deep', () => {
  expect(segmentKeys(rule({ all: [{ segment: 'a' }, { not: { any: [{ segment: 'b' }, { segment: 'a' }] } }, LEAF] }))).toEqual(['a', 'b']);
});
