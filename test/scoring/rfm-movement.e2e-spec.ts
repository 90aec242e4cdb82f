import fc from 'fast-check';
import { RFM_GROUPS, ScoringModule, rfmGroup, rfmScores, type RfmGroup } from '../../src/scoring/index.js';
import { SettingsModule } from '../../src/settings/index.js';
import { FakeClock } from '../support/fake-clock.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';
import { aggregateEvents, hasCdnow, loadCdnow } from './cdnow.js';

const RUNS = Math.min(500, Number(process.env.RAPPORT_PROPERTY_RUNS ?? 25));
const NOW = new Date('2026-03-02T12:00:00Z');
const HOUR = 3_600_000;

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ modules: [SettingsModule, ScoringModule], clock: new FakeClock(NOW.toISOString()) });
  for (const month of ['2026-01-01', '2026-02-01', '2026-03-01']) await t.db.raw(`select ensure_month_partition('events', $1)`, [month]);
});
afterAll(() => t.close());
beforeEach(() => t.db.raw('truncate users, events, user_event_days, user_scores, score_refreshes cascade'));

interface Bought {
  user: string;
  at: Date;
  cents: number;
}

interface Move {
  from: RfmGroup | null;
  to: RfmGroup;
  users: number;
}

/** The oracle: everybody's group at both instants, by the pure functions. */
function movesOf(bought: readonly Bought[], compareTo: Date, asOf: Date): Move[] {
  const groups = (instant: Date): Map<string, RfmGroup> => {
    const known = bought.filter(({ at }) => at <= instant);
    const users = [...new Set(known.map(({ user }) => user))];
    const scores = rfmScores(users.map((user) => {
      const own = known.filter((each) => each.user === user);
      return { recency: -Math.max(...own.map(({ at }) => at.getTime())), frequency: own.length, monetary: own.reduce((sum, { cents }) => sum + cents, 0) };
    }));
    return new Map(users.map((user, i) => [user, rfmGroup(scores[i]!.recency, scores[i]!.frequency)]));
  };
  const [before, after] = [groups(compareTo), groups(asOf)];
  const count = (from: RfmGroup | null, to: RfmGroup): number => [...after].filter(([user, group]) => group === to && (before.get(user) ?? null) === from).length;
  return [null, ...RFM_GROUPS].flatMap((from) => RFM_GROUPS.map((to) => ({ from, to, users: count(from, to) })));
}

async function load(bought: readonly Bought[]): Promise<void> {
  const rows = JSON.stringify(bought.map((each, n) => ({ ...each, n, value: each.cents / 100 })));
  await t.db.raw(`insert into users (id, user_id, created_at) select nextval('user_id_seq'), u, now()
    from (select distinct r.user as u from jsonb_to_recordset($1) as r ("user" text)) x`, [rows]);
  await t.db.raw(`insert into events (month, user_id, occurred_at, name, event_id, value, received_at)
    select date_trunc('month', r.at at time zone 'UTC'), u.id, r.at, 'purchase', r.n::text, r.value, now()
    from jsonb_to_recordset($1) as r (n int, "user" text, at timestamptz, value numeric) join users u on u.user_id = r.user`, [rows]);
  await aggregateEvents(t.db);
}

const get = (query: string) => t.http.get(`/v1/scores/rfm${query}`).set(auth(t.keys.analyst));

/** before, stayed, left, entered and now of every group, from the moves alone. */
function margins(moves: readonly Move[]) {
  const sum = (which: (move: Move) => boolean): number => moves.filter(which).reduce((total, { users }) => total + users, 0);
  return RFM_GROUPS.map((group) => ({
    group, before: sum(({ from }) => from === group), entered: sum(({ from, to }) => to === group && from !== group),
    left: sum(({ from, to }) => from === group && to !== group), stayed: sum(({ from, to }) => from === group && to === group), now: sum(({ to }) => to === group),
  }));
}

it('the movement between any two instants is what the pure functions say of everybody', async () => {
  const each = fc.record({ user: fc.integer({ min: 1, max: 15 }).map((n) => `u${n}`), at: fc.integer({ min: 0, max: 1_200 }).map((hours) => new Date(NOW.getTime() - hours * HOUR)), cents: fc.constantFrom(10, 20, 500) });
  await fc.assert(fc.asyncProperty(fc.array(each, { minLength: 1, maxLength: 60 }), fc.integer({ min: 0, max: 600 }), fc.integer({ min: 1, max: 600 }), async (bought, back, span) => {
    await t.db.raw('truncate users, events, user_event_days cascade');
    await load(bought);
    const asOf = new Date(NOW.getTime() - back * HOUR);
    const compareTo = new Date(asOf.getTime() - span * HOUR);
    const { body } = await get(`?asOf=${asOf.toISOString()}&compareTo=${compareTo.toISOString()}`).expect(200);
    const moves = movesOf(bought, compareTo, asOf);
    expect(body.movement.moves).toEqual(moves);
    expect(body.movement.groups).toEqual(margins(moves));
    expect(body.movement.users.now).toBe(body.users);
    for (const { group, users } of body.groups) expect([group, body.movement.groups.find((one: { group: string }) => one.group === group).now]).toEqual([group, users]);
  }), { numRuns: RUNS });
});

(hasCdnow ? it : it.skip)('on the CDNOW log, from the end of the calibration to the end of the log', async () => {
  await loadCdnow(t.db);
  const rows = await t.db.raw<{ user: string; at: Date; value: string }>('select u.user_id as user, e.occurred_at as at, e.value from events e join users u on u.id = e.user_id');
  const bought = rows.map(({ user, at, value }) => ({ user, at, cents: Math.round(100 * Number(value)) }));
  const [compareTo, asOf] = [new Date('1997-09-30T23:59:59Z'), new Date('1998-06-30T23:59:59Z')];
  const { body } = await get(`?asOf=${asOf.toISOString()}&compareTo=${compareTo.toISOString()}`).expect(200);
  expect(body.movement.moves).toEqual(movesOf(bought, compareTo, asOf));
  // The cohort bought for the first time in the first quarter of 1997: nobody is new.
  expect(body.movement.users).toEqual({ before: 2357, now: 2357 });
  expect(body.movement.moves.filter(({ from }: Move) => from === null).every(({ users }: Move) => users === 0)).toBe(true);
  const before = (await get(`?asOf=${compareTo.toISOString()}`).expect(200)).body;
  for (const { group, users } of before.groups) expect([group, body.movement.groups.find((one: { group: string }) => one.group === group).before]).toEqual([group, users]);
});

it('compares the latest refresh where no instant is given, and nothing before the first', async () => {
  await load([{ user: 'ada', at: new Date('2026-02-01T00:00:00Z'), cents: 10 }, { user: 'ben', at: new Date('2026-03-01T00:00:00Z'), cents: 10 }]);
  expect((await get('?compareTo=2026-02-15T00:00:00Z').expect(200)).body).toMatchObject({ asOf: null, movement: { users: { before: 0, now: 0 } } });
  const { body } = await t.http.post('/v1/scores/refresh').set(auth(t.keys.marketer)).expect(202);
  await t.job(body.jobId);
  const { movement, asOf } = (await get('?compareTo=2026-02-15T00:00:00Z').expect(200)).body;
  expect([asOf, movement.compareTo, movement.users]).toEqual([NOW.toISOString(), '2026-02-15T00:00:00.000Z', { before: 1, now: 2 }]);
  expect(movement.moves.filter(({ users }: Move) => users > 0)).toEqual(expect.arrayContaining([expect.objectContaining({ from: null, users: 1 })]));
  expect((await get('').expect(200)).body.movement).toBeUndefined();
});

it('names an instant to compare to that is none, or not before that of the grid', async () => {
  for (const query of ['compareTo=yesterday', 'asOf=2026-02-01T00:00:00Z&compareTo=2026-02-01T00:00:00Z', 'compareTo=2026-03-03T00:00:00Z']) {
    expect((await get(`?${query}`).expect(400)).body.errors[0].path).toBe('compareTo');
  }
});
