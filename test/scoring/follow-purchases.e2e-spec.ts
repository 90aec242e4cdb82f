import fc from 'fast-check';
import { EventsModule } from '../../src/events/index.js';
import { ScoringModule, rfmGroup, valueScorer, type ValueModel } from '../../src/scoring/index.js';
import { SettingsModule } from '../../src/settings/index.js';
import { FakeClock } from '../support/fake-clock.js';
import { mutateSql } from '../support/mutated-sql.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

const RUNS = Math.min(300, Number(process.env.RAPPORT_PROPERTY_RUNS ?? 20));
const START = '2026-03-02T12:00:00Z';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** So few buyers fit no model: the published one stands in for what a refresh would have fitted. */
const MODEL: ValueModel = {
  purchases: { fitted: true, params: { r: 0.2426, alpha: 4.4136, a: 0.7929, b: 2.4258 }, logLikelihood: -9582.4, observations: 2357 },
  spend: { fitted: true, params: { p: 6.2488, q: 3.7446, v: 15.4477 }, logLikelihood: -4055.9, observations: 946 },
};

interface Purchase {
  user: number;
  hoursAgo: number;
  cents: number | null;
  currency: 'EUR' | 'USD' | null;
  name: 'purchase' | 'view';
}

const purchase = (hours: fc.Arbitrary<number>): fc.Arbitrary<Purchase> => fc.record({
  user: fc.integer({ min: 1, max: 12 }), hoursAgo: hours, cents: fc.option(fc.constantFrom(10, 20, 30, 1_000, -500)),
  currency: fc.constantFrom('EUR', 'USD', null, null), name: fc.constantFrom('purchase', 'purchase', 'purchase', 'view'),
});
const story = fc.record({
  before: fc.array(purchase(fc.constantFrom(0, 1, 13, 40, 200, 1_000, 5_000)), { minLength: 1, maxLength: 30 }),
  // Late ones, ones of this moment and phones whose clock is ahead.
  rounds: fc.array(fc.record({ pass: fc.constantFrom(0, 1, 15, 30), bought: fc.array(purchase(fc.constantFrom(-20, -1, 0, 1, 13, 300)), { maxLength: 6 }) }),
    { minLength: 1, maxLength: 4 }),
});

type Story = typeof story extends fc.Arbitrary<infer S> ? S : never;

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ modules: [SettingsModule, EventsModule, ScoringModule] });
});
afterAll(() => t.close());

interface Stored extends Purchase {
  at: Date;
}

interface ScoreRow {
  user: number;
  recency: number;
  frequency: number;
  monetary: number;
  group: string;
  alive: number | null;
  purchases: number | null;
  value: number | null;
  asOf: Date;
}

const readScores = (): Promise<ScoreRow[]> => t.db.raw<ScoreRow>(`select u.user_id::int as user, s.recency, s.frequency, s.monetary, s.rfm_group as "group",
  s.probability_alive as alive, s.expected_purchases_90d as purchases, s.expected_value_90d as value, s.as_of as "asOf"
  from user_scores s join users u on u.id = s.user_id order by 1`);

let events = 0;
async function ingest(bought: readonly Purchase[]): Promise<Stored[]> {
  const stored = bought.map((each) => ({ ...each, at: new Date(t.clock.now().getTime() - each.hoursAgo * HOUR) }));
  if (stored.length === 0) return stored;
  const rows = stored.map(({ user, at, cents, currency, name }) => ({
    eventId: `e${events++}`, userId: String(user), name, occurredAt: at.toISOString(), value: cents === null ? null : cents / 100, currency,
  }));
  const { body } = await t.http.post('/v1/events').set(auth(t.keys.ingest)).send({ events: rows }).expect(200);
  expect(body).toMatchObject({ accepted: rows.length, rejected: [] });
  return stored;
}

async function refresh(model?: ValueModel): Promise<void> {
  const { body } = await t.http.post('/v1/scores/refresh').set(auth(t.keys.marketer)).expect(202);
  expect(await t.job(body.jobId)).toMatchObject({ status: 'done' });
  if (model) await t.db.raw(`update score_refreshes set models = jsonb_set(models, '{value}', $1::jsonb)`, [JSON.stringify(model)]);
}

async function reset(): Promise<void> {
  await t.db.raw('truncate users, user_event_days, events, event_keys, user_scores, score_refreshes, score_marks cascade');
  t.clock.set(START);
}

const counts = ({ name, currency }: Stored): boolean => name === 'purchase' && currency !== 'USD';
const sum = (list: readonly number[]): number => list.reduce((total, each) => total + each, 0);

/** What RFM ranks of one buyer as of an instant: null without a purchase by then. */
function valuesOf(all: readonly Stored[], user: number, asOf: Date): { recency: number; frequency: number; monetary: number } | null {
  const own = all.filter((each) => each.user === user && counts(each) && each.at <= asOf);
  if (own.length === 0) return null;
  return { recency: Math.max(...own.map(({ at }) => at.getTime())), frequency: own.length, monetary: sum(own.map(({ cents }) => cents ?? 0)) };
}

/** The oracle: minimum rank among those whom the refresh ranked, forecasts by whole UTC days. */
function expectedRow(base: readonly Stored[], all: readonly Stored[], user: number, refreshedAt: Date, asOf: Date): Omit<ScoreRow, 'user'> | null {
  const value = valuesOf(all, user, asOf);
  if (!value) return null;
  const ranked = Array.from({ length: 12 }, (_, i) => valuesOf(base, i + 1, refreshedAt)).filter((each) => each !== null);
  const score = (key: 'recency' | 'frequency' | 'monetary'): number =>
    (ranked.length === 0 ? 1 : Math.min(5, 1 + Math.floor((5 * ranked.filter((each) => each[key] < value[key]).length) / ranked.length)));
  const [recency, frequency, monetary] = [score('recency'), score('frequency'), score('monetary')];
  const dayOf = (at: Date): number => Math.floor(at.getTime() / DAY);
  const rows = new Map<string, Stored[]>();
  for (const each of all.filter((one) => one.user === user && counts(one))) {
    const key = `${dayOf(each.at)} ${each.currency}`;
    rows.set(key, [...(rows.get(key) ?? []), each]);
  }
  const amounts = new Map<number, number>();
  for (const [key, list] of rows) {
    if (!list.some(({ at }) => at <= asOf)) continue;
    const day = Number(key.split(' ')[0]);
    amounts.set(day, (amounts.get(day) ?? 0) + sum(list.map(({ cents }) => cents ?? 0)));
  }
  const days = [...amounts.keys()].sort((a, b) => a - b);
  const repeats = days.length - 1;
  const meanSpend = repeats === 0 ? 0 : sum(days.slice(1).map((day) => amounts.get(day)!)) / 100 / repeats;
  const forecast = valueScorer(MODEL)!({ repeats, lastAt: days.at(-1)! - days[0]!, age: dayOf(asOf) - days[0]!, meanSpend });
  return { recency, frequency, monetary, group: rfmGroup(recency, frequency), ...forecast, asOf };
}

/** Lives through a story and holds every stored score to the oracle. */
async function live({ before, rounds }: Story): Promise<void> {
  await reset();
  const base = await ingest(before);
  await refresh(MODEL);
  await t.loop('score-follower');
  const refreshedAt = t.clock.now();
  const all = [...base];
  // Who bought before the refresh was marked as well and is followed once, at the same instant.
  const scoredAt = new Map(base.filter(({ name }) => name === 'purchase').map(({ user }) => [user, refreshedAt]));
  for (const { pass, bought } of rounds) {
    t.clock.advance({ hours: pass });
    const stored = await ingest(bought);
    all.push(...stored);
    for (const { user, name } of stored) if (name === 'purchase') scoredAt.set(user, t.clock.now());
    await t.loop('score-follower');
  }
  const users = Array.from({ length: 12 }, (_, i) => i + 1);
  const check = async (at: (user: number) => Date | undefined): Promise<void> => {
    const expected = users.flatMap((user) => {
      const asOf = at(user);
      const row = asOf && expectedRow(base, all, user, refreshedAt, asOf);
      return row ? [{ user, ...row }] : [];
    });
    const close = (value: number | null): unknown => (value === null ? null : expect.closeTo(value, 9));
    expect(await readScores()).toEqual(expected.map((row) => ({ ...row, alive: close(row.alive), purchases: close(row.purchases), value: close(row.value) })));
  };
  await check((user) => scoredAt.get(user));
  // And everybody at once, which is the refresh with the parameters kept.
  await t.db.raw('insert into score_marks (user_id) select id from users');
  await t.loop('score-follower');
  await check(() => t.clock.now());
}

it('after any purchases, followed scores are those of a full refresh with the same cut points and parameters', async () => {
  await fc.assert(fc.asyncProperty(story, live), { numRuns: RUNS });
});

it.each([
  ['a value equal to a cut point exceeded it', 'p.purchases > k', 'p.purchases >= k'],
  ['the last purchase were compared to nothing', 'p.last_at > k', 'false'],
  ['purchases marked nobody', 'insert into score_marks (user_id) select * from unnest($1::bigint[])', 'insert into score_marks (user_id) select * from unnest($1::bigint[]) where false'],
])('and would not be if %s', async (_, from, to) => {
  const mutant = mutateSql((sql) => sql.replace(from, to));
  try {
    await expect(fc.assert(fc.asyncProperty(story, live), { numRuns: 40, endOnFailure: true, seed: 1 })).rejects.toThrow('Property failed');
    expect(mutant.hits()).toBeGreaterThan(0);
  } finally {
    mutant.undo();
  }
});

const marks = async (): Promise<number> => (await t.db.raw<{ n: number }>('select count(*)::int as n from score_marks'))[0]!.n;
const now = { hoursAgo: 0, cents: 1_000, currency: null, name: 'purchase' } as const;

it('a purchase that is committed while a refresh runs is not lost: its mark waits for the end of it', async () => {
  await reset();
  await ingest([{ ...now, user: 1 }, { ...now, user: 2, hoursAgo: 5 }]);
  await refresh();
  await t.loop('score-follower');
  t.clock.advance({ days: 1 });
  const running = await t.db.pool.connect();
  await running.query(`begin; select pg_advisory_xact_lock(hashtext('rapport'), hashtext('score-refresh'))`);
  await ingest([{ ...now, user: 3 }]);
  await t.loop('score-follower');
  expect([await marks(), (await readScores()).length]).toEqual([1, 2]);
  await running.query('commit');
  running.release();
  await t.loop('score-follower');
  expect([await marks(), (await readScores()).map(({ user }) => user)]).toEqual([0, [1, 2, 3]]);
});

it('before the first refresh nothing is followed and nothing is left over', async () => {
  await reset();
  await ingest([{ ...now, user: 1 }]);
  expect(await marks()).toBe(1);
  await t.loop('score-follower');
  expect([await marks(), await readScores()]).toEqual([0, []]);
  await t.loop('scores');
  expect(await readScores()).toMatchObject([{ user: 1 }]);
});

it('another purchase event makes a refresh due at once, and nothing is placed by the cut points of the old one', async () => {
  await reset();
  await ingest([{ ...now, user: 1 }]);
  await t.loop('scores');
  await t.loop('score-follower');
  const patch = (purchaseEvent: string) => t.http.patch('/v1/settings').set({ Authorization: `Bearer ${t.adminKey}` }).send({ purchaseEvent }).expect(200);
  await patch('view');
  await ingest([{ ...now, user: 2, name: 'view' }]);
  await t.loop('score-follower');
  expect([await marks(), (await readScores()).map(({ user }) => user)]).toEqual([1, [1]]);
  await t.loop('scores');
  await t.loop('score-follower');
  expect([await marks(), (await readScores()).map(({ user }) => user)]).toEqual([0, [2]]);
  await patch('purchase');
});

it('the grid is that of the refresh, whole, until the next one', async () => {
  await reset();
  await ingest([{ ...now, user: 1 }, { ...now, user: 2 }]);
  await refresh();
  const grid = async () => (await t.http.get('/v1/scores/rfm').set(auth(t.keys.analyst)).expect(200)).body;
  const before = await grid();
  expect(before.users).toBe(2);
  t.clock.advance({ hours: 1 });
  await ingest([{ ...now, user: 3 }]);
  await t.loop('score-follower');
  expect((await readScores()).length).toBe(3);
  expect(await grid()).toEqual(before);
});

it('a new buyer has an answer with forecasts within one round, without a refresh', async () => {
  await reset();
  await ingest(Array.from({ length: 10 }, (_, i) => ({ ...now, user: i + 1, hoursAgo: 50 * i })));
  await refresh(MODEL);
  t.clock.advance({ hours: 1 });
  await ingest([{ ...now, user: 11 }]);
  await t.loop('score-follower');
  const { body } = await t.http.get('/v1/users/11/scores').set(auth(t.keys.analyst)).expect(200);
  expect(body).toMatchObject({ rfm: { recency: 5, frequency: 1, group: 'new', purchases: 1, revenue: 10 }, value: { probabilityAlive: 1 }, asOf: t.clock.now().toISOString() });
  expect(new FakeClock(START).now() < t.clock.now()).toBe(true);
});

it('lists the refreshes with their parameters, likelihood and date, and why a model was refused', async () => {
  await reset();
  await ingest([{ ...now, user: 1 }]);
  await refresh();
  t.clock.advance({ days: 1 });
  await refresh(MODEL);
  const get = async (query = '') => (await t.http.get(`/v1/scores/models${query}`).set(auth(t.keys.analyst)).expect(200)).body;
  const first = await get('?limit=1');
  expect(first.data).toHaveLength(1);
  expect(first.data[0]).toMatchObject({
    asOf: t.clock.now().toISOString(), users: 1, purchaseEvent: 'purchase', currency: 'EUR', value: MODEL,
    cuts: { recency: [START.replace('Z', '+00:00'), ...Array<string>(3).fill(START.replace('Z', '+00:00'))], frequency: [1, 1, 1, 1], monetary: [10, 10, 10, 10] },
    engagement: { push: { sources: { openRate: 'stated', optOut: expect.stringContaining('too_few_observations'), attention: expect.stringContaining('too_few_observations') } } },
  });
  await refresh();
  const second = await get();
  expect(second.data[0].value).toMatchObject({ purchases: { fitted: false, reason: 'too_few_observations', detail: '0 repeat buyers, 100 needed' } });
  expect(second.data.map(({ version }: { version: string }) => Number(version))).toEqual([...second.data.map(({ version }: { version: string }) => Number(version))].sort((a, b) => b - a));
  await t.http.get('/v1/scores/models').set(auth(t.keys.app)).expect(403);
});
