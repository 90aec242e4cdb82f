import { ScoreRefresh } from '../../src/scoring/index.js';
import { createCampaign, launch, prepareCatalogue } from '../factories/campaigns.js';
import { insertReachableUsers } from '../factories/people.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

const NOW = new Date('2026-03-11T12:00:00.000Z');
const PEOPLE = 40;
const MESSAGES = 10;
const WORTH = {
  audience: { include: ['buyers', 'idle'], exclude: [] }, worth: true, conversion: { event: 'purchase', window: 'P3D' },
};

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
  t.clock.set(NOW);
  await prepareCatalogue(t);
  await t.db.raw(`select ensure_month_partition('deliveries', '2026-02-01')`);
  for (const key of ['buyers', 'idle']) {
    await insertReachableUsers(t.db, PEOPLE, key, NOW);
    await t.http.post('/v1/segments').set(auth(t.keys.marketer)).send({ key, name: key, static: true }).expect(201);
    await t.db.raw(`insert into segment_members (segment_id, user_id, entered_at)
      select g.id, u.id, '2026-01-01' from segments as g join users as u on u.user_id like g.key || '-%' where g.key = $1`, [key]);
  }
  // Ten messages each: a third of the buyers' led to a purchase of 50; a quarter of the idle left at their last.
  await t.db.raw(`insert into deliveries (month, user_id, run_id, wave_id, campaign_id, chunk_id, due_at, decided_at, expires_at, counted_at,
      settled_at, policy_version, state, channel)
    select '2026-02-01', u.id, -n, 0, 0, 1, m.at, m.at, m.at, m.at, m.at, 0, 'sent', 'push'
    from users as u cross join generate_series(1, $1::integer) as n
    cross join lateral (select '2026-02-01'::timestamptz + n * interval '1 day' as at) as m`, [MESSAGES]);
  await t.db.raw(`insert into conversions (user_id, event_id, name, occurred_at, value, month, delivery_id, campaign_id, run_id, credited_at)
    select d.user_id, d.id::text, 'purchase', d.settled_at, 50, d.month, d.id, 0, d.run_id, d.settled_at
    from deliveries as d join users as u on u.id = d.user_id
    where u.user_id like 'buyers-%' and (d.user_id + d.run_id) % 3 = 0`);
  await t.db.raw(`insert into message_facts (month, user_id, delivery_id, campaign_id, run_id, channel, unsubscribed_at, updated_at)
    select d.month, d.user_id, d.id, 0, d.run_id, 'push', d.settled_at, d.settled_at
    from deliveries as d join users as u on u.id = d.user_id
    where u.user_id like 'idle-%' and d.run_id = -$1::integer and d.user_id % 4 = 0`, [MESSAGES]);
  await t.db.raw(`insert into user_event_days (user_id, name, day, count, sum, first_at, last_at)
    select c.user_id, c.name, c.occurred_at::date, count(*), sum(c.value), min(c.occurred_at), max(c.occurred_at)
    from conversions as c group by c.user_id, c.name, c.occurred_at::date`);
});
afterAll(() => t?.close());

const explain = async (id: string, userId: string) =>
  (await t.http.get(`/v1/campaigns/${id}/explain?userId=${userId}`).set(auth(t.keys.analyst)).expect(200)).body;

it('writes to whom a message brings more than the patience it costs, and keeps the terms of both decisions', async () => {
  await createCampaign(t, WORTH); // Tells the refresh which segments need rates of their own.
  const { models } = await t.app.get(ScoreRefresh).run();
  expect(models.worth.cells.find(({ segment, channel }) => segment === 'buyers' && channel === 'push')!.sources.conversionRate).toBe('segment');
  expect(models.worth.eventValues).toEqual({ purchase: 50 });
  t.clock.advance({ seconds: 6 });
  const id = await createCampaign(t, WORTH);
  const simulated = (await t.http.post(`/v1/campaigns/${id}/simulate`).set(auth(t.keys.marketer)).send({}).expect(200)).body;
  expect(simulated).toMatchObject({
    audience: 2 * PEOPLE, wouldSend: PEOPLE, suppressed: [{ reason: 'not_worth_it', count: PEOPLE }], worth: { notWorthIt: PEOPLE },
  });
  await launch(t, id);
  await t.loop('planner');
  const decided = await t.db.raw<{ who: string; state: string; reason: string | null; n: number; net: number }>(
    `select split_part(u.user_id, '-', 1) as who, d.state, d.reason, count(*)::integer as n, sum(w.net_worth) as net
     from deliveries as d join users as u on u.id = d.user_id
     join decision_worth as w on w.user_id = d.user_id and w.month = d.month and w.run_id = d.run_id and w.channel = d.channel
     where d.campaign_id = $1 group by 1, 2, 3 order by 1`, [id]);
  expect(decided.map(({ net, ...row }) => ({ ...row, sign: Math.sign(net) }))).toEqual([
    { who: 'buyers', state: 'queued', reason: null, n: PEOPLE, sign: 1 },
    { who: 'idle', state: 'suppressed', reason: 'not_worth_it', n: PEOPLE, sign: -1 },
  ]);
  expect(simulated.worth.expectedNet).toBeCloseTo(decided[0]!.net, 6);

  const idle = await explain(id, 'idle-0');
  expect(idle).toMatchObject({ outcome: 'suppressed', reason: 'not_worth_it' });
  expect(idle.gates.find(({ gate }: { gate: string }) => gate === 'worth')).toMatchObject({ passed: false, recomputed: false });
  const { conversionGain, openGain, hazard, keepValue, cost, netWorth } = idle.worth;
  expect(netWorth).toBeCloseTo(conversionGain + openGain - hazard * keepValue - cost, 12);
  expect(idle.worth).toMatchObject({ segment: 'idle', messages: MESSAGES, conversions: 0, incrementality: 0.4 });
  expect((await explain(id, 'buyers-0')).worth.netWorth).toBeGreaterThan(0);
});

it('of two campaigns of one priority each user gets the worthier, whichever is the older', async () => {
  await t.http.put('/v1/fatigue-policy').set(auth(t.adminKey))
    .send({ caps: [{ key: 'day', channel: 'push', limit: 1, window: { type: 'rolling', duration: 'PT12H' } }] }).expect(200);
  t.clock.advance({ hours: 24 });
  await t.db.raw(`update deliveries set state = 'suppressed', reason = 'cancelled', counted_at = null where state = 'queued'`);
  const plain = await createCampaign(t, { ...WORTH, worth: false });
  const worth = await createCampaign(t, WORTH);
  for (const id of [plain, worth]) await launch(t, id);
  await t.loop('planner');
  const rows = await t.db.raw<{ who: string; id: string; n: number }>(
    `select split_part(u.user_id, '-', 1) as who, d.campaign_id::bigint as id, count(*)::integer as n
     from deliveries as d join users as u on u.id = d.user_id
     where d.campaign_id = any ($1::bigint[]) and d.state = 'queued' group by 1, 2 order by 1`, [[plain, worth]]);
  expect(rows).toEqual([{ who: 'buyers', id: worth, n: PEOPLE }, { who: 'idle', id: plain, n: PEOPLE }]);
});

describe('also where a campaign takes its users piece by piece:', () => {
  beforeEach(async () => {
    await t.db.raw(`update deliveries set state = 'suppressed', reason = 'cancelled', counted_at = null where state = 'queued'`);
    await t.db.raw(`update campaigns set status = 'completed' where status = 'running'`);
    t.clock.advance({ hours: 24 });
  });
  const queued = async (ids: string[], like = '%') => t.db.raw<{ who: string; id: string; n: number }>(
    `select split_part(u.user_id, '-', 1) as who, d.campaign_id::text as id, count(*)::integer as n
     from deliveries as d join users as u on u.id = d.user_id
     where d.campaign_id = any ($1::bigint[]) and d.state = 'queued' and u.user_id like $2 group by 1, 2 order by 1`, [ids, like]);

  it('a throttled one competes for those it has room for', async () => {
    const plain = await createCampaign(t, { ...WORTH, worth: false });
    const worth = await createCampaign(t, { ...WORTH, throttlePerMinute: 10 });
    for (const id of [plain, worth]) await launch(t, id);
    await t.loop('planner');
    expect(await queued([plain, worth])).toEqual([{ who: 'buyers', id: worth, n: PEOPLE }, { who: 'idle', id: plain, n: PEOPLE }]);
    expect(await t.db.raw('select from waves where decided_at is null')).toEqual([]);
  });

  it('one that has room for some leaves the others to what else is due, and its wave stays open for them', async () => {
    const plain = await createCampaign(t, { ...WORTH, worth: false });
    const worth = await createCampaign(t, { ...WORTH, audience: { include: ['buyers'], exclude: [] }, throttlePerMinute: 1 });
    for (const id of [plain, worth]) await launch(t, id);
    await t.loop('planner');
    expect(await queued([plain, worth])).toEqual([
      { who: 'buyers', id: plain, n: PEOPLE - 15 }, { who: 'buyers', id: worth, n: 15 }, { who: 'idle', id: plain, n: PEOPLE }]);
    expect(await t.db.raw('select campaign_id from waves where decided_at is null')).toEqual([{ campaign_id: worth }]);
  });

  it('an entry of a triggered one competes with what is due for its user', async () => {
    const plain = await createCampaign(t, { ...WORTH, worth: false });
    const triggered = await createCampaign(t, { ...WORTH, schedule: { type: 'triggered', event: 'visit', reentry: 'always' } });
    await launch(t, triggered);
    t.clock.advance({ minutes: 1 });
    await launch(t, plain);
    const visit = (userId: string): object => ({ eventId: `visit-${userId}-${t.clock.now().toISOString()}`, userId, name: 'visit', occurredAt: t.clock.now().toISOString() });
    await t.http.post('/v1/events').set(auth(t.keys.ingest)).send({ events: ['buyers-3', 'idle-3'].map(visit) }).expect(200);
    t.clock.advance({ seconds: 1 });
    await t.loop('triggers');
    await t.loop('planner');
    expect(await queued([plain, triggered], '%-3')).toEqual([{ who: 'buyers', id: triggered, n: 1 }, { who: 'idle', id: plain, n: 1 }]);
  });
});


it('the terms go at night once their whole month is older than the retention; the decisions stay', async () => {
  const months = async (table: string) => (await t.db.raw<{ month: string }>(`select distinct month::text from ${table} where month = '2026-03-01'`)).length;
  expect(await months('decision_worth')).toBe(1);
  // 400 days after the month's first day, and after its last.
  for (const [at, left] of [['2027-04-06T03:10:00Z', 1], ['2027-05-06T12:00:00Z', 1], ['2027-05-06T03:10:00Z', 0]] as const) {
    t.clock.set(at);
    await t.loop('worth-retention');
    expect([at, await months('decision_worth')]).toEqual([at, left]);
  }
  expect(await months('deliveries')).toBe(1);
});
