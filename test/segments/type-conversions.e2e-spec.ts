import { STATED_PRIORS } from '../../src/scoring/index.js';
import { NOW } from './rule-arbitraries.js';
import { RuleWorlds, parsed, usersByOracle, usersBySql } from './rule-world.js';
import { NOBODY, type World } from './world-arbitraries.js';

/** What each user has as `plan`, by the name that the tests below call them. */
const HELD: Record<string, unknown> = {
  number: 10, zero: 0, numeric: '10', padded: ' 10', exponent: '1e1', empty: '', text: 'gold', yes: true, yesText: 'true', none: null, noneText: 'null',
  list: ['gold', 10], listOfText: ['10'], object: { b: 10, c: { d: 'deep' } }, numbered: { 0: 'gold' },
  instant: '2026-03-02T11:30:00Z', zoned: '2026-03-02T12:30:00+01:00', date: '2026-03-02', impossible: '2026-02-30T00:00:00Z', epoch: 1772451000000, future: '2026-03-02T12:00:00.001Z',
};
const NAMES = ['missing', ...Object.keys(HELD)];
const world: World = {
  users: [NOBODY, ...Object.values(HELD).map((plan) => ({ ...NOBODY, attributes: { plan }, events: [{ name: 'e', occurredAt: NOW, value: null, currency: null, properties: { plan } }] }))],
  priors: { push: STATED_PRIORS, email: STATED_PRIORS },
  settings: { now: NOW, currency: 'EUR', consent: { push: 'optOut', email: 'optOut' }, staleDeviceAfter: 'P30D' },
};

let worlds: RuleWorlds;
beforeAll(async () => {
  worlds = await RuleWorlds.open();
});
afterAll(() => worlds.close());

/** Who is found by the SQL; the oracle must say the same. */
async function found(...rules: object[]): Promise<string[][]> {
  const names: string[][] = [];
  await worlds.within(world, async (tx) => {
    for (const rule of rules.map(parsed)) {
      const ids = await usersBySql(tx, rule, world, 'row');
      expect(usersByOracle(rule, world)).toEqual(ids);
      names.push(ids.map((id) => NAMES[id - 1]!));
    }
  });
  return names;
}

const plan = (op: string, value?: unknown, attribute = 'plan'): object => ({ attribute, op, ...(value === undefined ? {} : { value }) });

it('text that looks like a number is no number, and a number no text', async () => {
  expect(await found(plan('eq', 10), plan('eq', '10'), plan('gte', 10), plan('lt', 10), plan('in', [10, 0]), plan('startsWith', '1'))).toEqual([
    ['number'], ['numeric'], ['number', 'epoch'], ['zero'], ['number', 'zero'], ['numeric', 'exponent'],
  ]);
});

it('text compares with text by code point: "10" comes before "9"', async () => {
  expect(await found({ all: [plan('gt', '1'), plan('lt', '9'), plan('ne', 'x')] })).toEqual([
    ['numeric', 'exponent', 'instant', 'zoned', 'date', 'impossible', 'future'],
  ]);
});

it('ne and notIn find no missing value and none of another type', async () => {
  expect(await found(plan('ne', 10), plan('ne', true), plan('notIn', [10, 1]), plan('notIn', [true]))).toEqual([['zero', 'epoch'], [], ['zero', 'epoch'], []]);
});

it('missing and null are absent, an empty text, 0 and an empty path into an object are told apart', async () => {
  expect(await found(plan('notExists'), plan('exists', undefined, 'plan.b'), plan('notExists', undefined, 'plan.b'))).toEqual([
    ['missing', 'none'], ['object'], NAMES.filter((name) => name !== 'object'),
  ]);
});

it('a boolean is neither 1 nor "true", null is not "null"', async () => {
  expect(await found(plan('eq', true), plan('eq', 'true'), plan('eq', 1), plan('eq', 'null'))).toEqual([['yes'], ['yesText'], [], ['noneText']]);
});

it('nested: dots go into objects, never into arrays or texts', async () => {
  expect(await found(plan('eq', 'deep', 'plan.c.d'), plan('eq', 'gold', 'plan.0'), plan('exists', undefined, 'plan.length'))).toEqual([['object'], ['numbered'], []]);
});

it('array: contains finds an element of the same type or a part of a text; a list equals nothing', async () => {
  expect(await found(plan('contains', 'gold'), plan('contains', 10), plan('contains', '10'), plan('eq', 'gold'))).toEqual([
    ['text', 'list'], ['list'], ['numeric', 'padded', 'listOfText'], ['text'],
  ]);
});

it('date: only an instant with its offset is a time, not a bare date, an impossible one or a number', async () => {
  expect(await found(plan('withinLast', 'PT1H'), plan('notWithinLast', 'PT1H'), plan('before', '2026-03-02T11:30:00.001Z'), plan('after', '2026-03-02T12:00:00Z'))).toEqual([
    ['instant', 'zoned'], ['future'], ['instant', 'zoned'], ['future'],
  ]);
});

it('the same holds for properties of events, and what is no number is not summed', async () => {
  const where = (op: string, value: unknown): object => ({ event: 'e', where: [{ property: 'plan', op, value }] });
  expect(await found(where('eq', '10'), where('gt', 5), where('withinLast', 'PT1H'), { event: 'e', aggregate: 'sum', of: 'plan', op: 'eq', value: 10 })).toEqual([
    ['numeric'], ['number', 'epoch'], ['instant', 'zoned'], ['number'],
  ]);
});
