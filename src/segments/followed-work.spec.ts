import { causeOf, concerns, facetOf, facetsOf, type Mark } from './facets.js';
import { WorkLists } from './followed-work.js';
import { turningDays } from './predicate/turn-sql.js';
import type { KnownSegment } from './segment-compiler.js';
import { parseRule, type Rule } from './segment-rule.js';

function rule(json: unknown): Rule {
  const result = parseRule(json);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.rule;
}

const mark = (changes: Partial<Mark>): Mark => ({ facet: 'user', name: null, segmentId: null, imported: false, users: ['1'], everyone: false, ...changes });
const segments = new Map<string, KnownSegment>([
  ['buyers', { id: '1', rule: rule({ event: 'purchase', aggregate: 'sum', value: 5 }) }],
  ['outer', { id: '2', rule: rule({ any: [{ segment: 'buyers' }, { segment: 'list' }, { score: 'rfm.recency', op: 'gt', value: 1 }] }) }],
  ['list', { id: '3', rule: null }],
  ['reached', { id: '4', rule: rule({ all: [{ reachable: 'push' }, { attribute: '$lastSeenAt', op: 'exists' }, { score: 'engagement.push.openRate', op: 'gt', value: 0.1 }] }) }],
]);
const known = (key: string) => ({ id: segments.get(key)!.id, facets: facetsOf(key, segments) });

describe('what a rule reads', () => {
  it('is what its conditions read, those of the segments that it names included', () => {
    expect([...known('buyers').facets].sort()).toEqual(['born', 'event purchase', 'settings']);
    expect([...known('outer').facets].sort()).toEqual(['born', 'event purchase', 'score', 'segment buyers', 'segment list', 'settings']);
    expect([...known('reached').facets].sort()).toEqual(['born', 'consent', 'device', 'message', 'priors', 'seen', 'settings']);
  });

  it('decides which marks concern it', () => {
    const told = (changes: Partial<Mark>): string[] => ['buyers', 'outer', 'reached'].filter((key) => concerns(mark(changes), known(key)));
    expect(told({ facet: 'event', name: 'purchase' })).toEqual(['buyers', 'outer']);
    expect(told({ facet: 'event', name: 'view' })).toEqual([]);
    expect(told({ facet: 'event' })).toEqual(['buyers', 'outer']);
    expect(told({ facet: 'segment', name: 'list' })).toEqual(['outer']);
    expect(told({ facet: 'born' })).toEqual(['buyers', 'outer', 'reached']);
    expect(told({ facet: 'user' })).toEqual([]);
    expect(told({ facet: 'user', segmentId: '4' })).toEqual(['reached']);
  });
});

describe('the work of a segment', () => {
  it('names each user once, with what they did before their being new and before an import', () => {
    const work = new WorkLists([
      mark({ facet: 'born', users: ['1', '2'] }), mark({ facet: 'event', name: 'purchase', users: ['1'] }), mark({ facet: 'event', name: 'purchase', users: ['2', '3'], imported: true }),
    ]).of(known('buyers'), ['3', '4']);
    expect(work.users.map((user, i) => `${user} ${work.causes[i]}`)).toEqual(['1 event', '2 profile', '3 imported', '4 time']);
    expect(work.everyone).toBeUndefined();
  });

  it('is everybody where one mark says so, not as an import if another says otherwise', () => {
    const lists = new WorkLists([mark({ facet: 'event', users: [], everyone: true, imported: true }), mark({ facet: 'settings', users: [], everyone: true })]);
    expect(lists.of(known('buyers'), []).everyone).toBe('settings');
    expect(lists.of(known('list'), []).everyone).toBeUndefined();
    expect(causeOf(mark({ facet: 'segment', everyone: true }))).toBe('rule_edited');
  });

  it('comes back as a mark of the same cause', () => {
    for (const facet of ['user', 'event', 'message', 'score', 'device', 'settings', 'segment'] as const) {
      const cause = causeOf(mark({ facet }));
      expect(causeOf(mark({ facet: facetOf(cause) }))).toBe(cause);
    }
  });
});

it('whole days turn a test where they reach or pass its value', () => {
  expect(turningDays({ op: 'gte', value: 30 })).toEqual([30, 31]);
  expect(turningDays({ op: 'lt', value: 0.5 })).toEqual([1]);
  expect(turningDays({ op: 'in', values: [0, 2, 2.5] })).toEqual([1, 2, 3]);
  expect(turningDays({ op: 'eq', value: -3 })).toEqual([]);
  expect(turningDays({ op: 'gt', value: 1e300 })).toEqual([]);
});
