import { createCampaign, launch, prepareCatalogue, putPolicy } from '../factories/campaigns.js';
import { insertReachableUsers } from '../factories/people.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

const PEOPLE = 500;
/** 15 minutes of 10 a minute. */
const ROOM = 150;
const THROTTLED = { throttlePerMinute: 10, expiresAfter: 'P2D' };

describe('one campaign reserves at most 15 minutes of its throttle in all', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await startTestApp();
    await prepareCatalogue(t);
    await insertReachableUsers(t.db, PEOPLE, 'p', new Date('2026-03-02T12:00:00Z'));
  });
  afterAll(() => t?.close());
  beforeEach(async () => {
    await t.db.raw('truncate campaigns, deliveries, chunks cascade');
    await t.db.raw('update users set timezone = null');
    await putPolicy(t, {});
    t.clock.set('2026-03-02T12:00:00Z');
  });

  const states = async () => Object.fromEntries((await t.db.raw<{ state: string; n: number }>(
    `select state || coalesce(' ' || reason, '') as state, count(*)::integer as n from deliveries group by 1 order by 1`)).map(({ state, n }) => [state, n]));
  const send = async (count: number) => {
    await t.db.raw(`update deliveries set state = 'sent', settled_at = $2, counted_at = $2 where (month, user_id, id) in (
      select month, user_id, id from deliveries where state = 'queued' order by id limit $1)`, [count, t.clock.now()]);
    await t.db.raw(`update chunks k set size = x.n, requests = null, closed_at = case when x.n = 0 then $1::timestamptz end
      from (select c.id, (select count(*)::integer from deliveries d where d.chunk_id = c.id and d.state = 'queued') as n from chunks c) x where k.id = x.id`, [t.clock.now()]);
  };
  /** Every n-th user gets a second device, and one that may not be sent to. */
  const secondDevices = (n: number) => t.db.raw(
    `insert into devices (token_hash, token, user_id, platform, permission, last_seen_at)
     select sha256(convert_to('more' || u.user_id || k, 'UTF8')), 'more' || u.user_id || k, u.id, 'ios', case k when 2 then 'denied' end, $1::timestamptz
     from users u, generate_series(1, 2) k where u.id % $2 = 0`, [new Date('2026-03-02T12:00:00Z'), n]);
  const launched = async (overrides: object) => {
    const id = await createCampaign(t, { ...THROTTLED, ...overrides });
    await launch(t, id);
    return id;
  };
  /** Steps of five minutes, of which each is sent before the next. @returns how many stood reserved after each */
  const inSteps = async (steps: number) => {
    const reserved: number[] = [];
    for (let i = 0; i < steps; i++) {
      await t.loop('planner');
      reserved.push((await states()).queued ?? 0);
      await send(ROOM / 3);
      t.clock.advance({ minutes: 5 });
    }
    return reserved;
  };

  it('the rest is left undecided and reserved in steps of five minutes as it is sent', async () => {
    const id = await createCampaign(t, { throttlePerMinute: 10 });
    await launch(t, id);
    await t.loop('planner');
    expect(await states()).toEqual({ queued: 150 });
    t.clock.advance({ seconds: 1 });
    await send(40);
    await t.loop('planner');
    expect(await states()).toEqual({ queued: 110, sent: 40 });
    t.clock.advance({ seconds: 1 });
    await send(10);
    await t.loop('planner');
    expect(await states()).toEqual({ queued: 150, sent: 50 });
    expect((await t.http.get(`/v1/campaigns/${id}`).set(auth(t.keys.marketer))).body.status).toBe('running');
  });

  it('the throttled tail past expiry is reported as expired, never late, and simulate said so', async () => {
    const id = await createCampaign(t, { throttlePerMinute: 10, expiresAfter: 'PT20M' });
    // A request leaves every 6.2 s, so that lateness of 2 s keeps it at ten in any minute: the 194th after 19 min 57 s.
    const simulated = (await t.http.post(`/v1/campaigns/${id}/simulate`).set(auth(t.keys.marketer)).expect(200)).body;
    expect(simulated).toMatchObject({ audience: 500, wouldSend: 194, suppressed: [{ reason: 'expired', count: 306 }], estimatedMinutes: 19.94 });
    await launch(t, id);
    await t.loop('planner');
    await send(50);
    t.clock.advance({ minutes: 5 });
    await t.loop('planner');
    await send(144);
    t.clock.set('2026-03-02T12:20:00.001Z');
    for (const loop of ['planner', 'reaper']) await t.loop(loop);
    expect(await states()).toEqual({ sent: 194, 'suppressed expired': 306 });
  });

  it('a pause of 15 minutes gives its reservations back, and a resume decides them anew', async () => {
    const id = await createCampaign(t, {});
    await launch(t, id);
    await t.loop('planner');
    await t.http.post(`/v1/campaigns/${id}/pause`).set(auth(t.keys.marketer)).expect(200);
    t.clock.advance({ minutes: 14, seconds: 59 });
    await t.loop('release-reservations');
    expect(await states()).toEqual({ queued: 500 });
    t.clock.advance({ seconds: 1 });
    await t.loop('release-reservations');
    expect(await states()).toEqual({ 'deferred paused': 500 });
    expect(await t.db.raw('select from deliveries where counted_at is not null')).toEqual([]);
    await t.http.post(`/v1/campaigns/${id}/resume`).set(auth(t.keys.marketer)).expect(200);
    await t.loop('planner');
    expect(await states()).toEqual({ queued: 500 });
  });

  it('whatever zones are due with it', async () => {
    await t.db.raw(`update users set timezone = (array['Asia/Tokyo', 'Europe/Berlin', 'Asia/Kolkata'])[id % 3 + 1]`);
    await launched({ schedule: { type: 'local', localAt: '2026-03-02T09:00', ifPassed: 'sendNow' } });
    await t.loop('planner');
    expect(await states()).toEqual({ queued: ROOM });
    t.clock.advance({ seconds: 1 });
    expect(await inSteps(9)).toEqual([150, 150, 150, 150, 150, 150, 150, 150, 100]);
    expect(await t.db.raw('select from waves where decided_at is null')).toEqual([]);
  });

  it('also where deferred messages come free together, and asks for nobody while it has no room', async () => {
    await putPolicy(t, { quietHours: [{ channel: 'push', start: '11:00', end: '13:00' }] });
    await launched({ onFatigue: 'defer' });
    for (let i = 0; i < 4; i++) await t.loop('planner');
    const deferred = (await states())['deferred quiet_hours'];
    expect(deferred).toBe(PEOPLE);
    t.clock.set('2026-03-02T13:00:00Z');
    expect(await inSteps(9)).toEqual([150, 150, 150, 150, 150, 150, 150, 150, 100]);
  });

  it('also after a pause that gave its reservations back', async () => {
    const id = await launched({});
    await t.loop('planner');
    await t.http.post(`/v1/campaigns/${id}/pause`).set(auth(t.keys.marketer)).expect(200);
    t.clock.advance({ minutes: 15 });
    await t.loop('release-reservations');
    await t.loop('reaper');
    expect(await states()).toEqual({ 'deferred paused': ROOM });
    await t.http.post(`/v1/campaigns/${id}/resume`).set(auth(t.keys.marketer)).expect(200);
    expect(await inSteps(9)).toEqual([150, 150, 150, 150, 150, 150, 150, 150, 100]);
  });

  it('also where an event sets off more than it has room for, beside the planner', async () => {
    await launched({ schedule: { type: 'triggered', event: 'signup', reentry: 'always' } });
    t.clock.advance({ seconds: 1 });
    const at = t.clock.now().toISOString();
    const events = Array.from({ length: PEOPLE }, (_, i) => ({ eventId: `e-${i}`, userId: `p-${i}`, name: 'signup', occurredAt: at }));
    await t.http.post('/v1/events').set(auth(t.keys.ingest)).send({ events }).expect(200);
    for (let i = 0; i < 3; i++) {
      await t.loop('triggers');
      await t.loop('planner');
    }
    expect(await states()).toEqual({ queued: ROOM });
    expect(await inSteps(9)).toEqual([150, 150, 150, 150, 150, 150, 150, 150, 100]);
  });

  it('simulate knows that a throttled campaign that is due as well has no room, or room for some alone', async () => {
    await putPolicy(t, { caps: [{ key: 'one', channel: 'push', limit: 1, window: { type: 'rolling', duration: 'P7D' } }] });
    await launched({ priority: 90 });
    const lower = await createCampaign(t, { priority: 10 });
    const simulated = async () => (await t.http.post(`/v1/campaigns/${lower}/simulate`).set(auth(t.keys.marketer)).expect(200)).body;
    const foretold = { wouldSend: PEOPLE - ROOM, suppressed: [{ reason: 'outranked', count: ROOM }] };
    expect(await simulated()).toMatchObject(foretold);
    await t.loop('planner');
    expect(await simulated()).toMatchObject(foretold);
    await launch(t, lower);
    await t.loop('planner');
    expect(await states()).toEqual({ queued: PEOPLE, 'suppressed outranked': ROOM });
  });

  it('in requests, one for each device: what the others have room for, too', async () => {
    await secondDevices(1);
    await putPolicy(t, { caps: [{ key: 'one', channel: 'push', limit: 1, window: { type: 'rolling', duration: 'P7D' } }] });
    await t.db.raw(`update users set timezone = (array['Asia/Tokyo', 'Europe/Berlin', 'Asia/Kolkata'])[id % 3 + 1]`);
    await launched({ schedule: { type: 'local', localAt: '2026-03-02T09:00', ifPassed: 'sendNow' }, priority: 90 });
    const lower = await createCampaign(t, { priority: 10 });
    const simulated = (await t.http.post(`/v1/campaigns/${lower}/simulate`).set(auth(t.keys.marketer)).expect(200)).body;
    expect(simulated).toMatchObject({ wouldSend: PEOPLE - ROOM / 2, suppressed: [{ reason: 'outranked', count: ROOM / 2 }] });
    await t.loop('planner');
    expect(await states()).toEqual({ queued: ROOM / 2 });
    expect(await t.db.raw('select sum(size)::integer as messages, sum(requests)::integer as requests from chunks')).toEqual([{ messages: ROOM / 2, requests: ROOM }]);
    t.clock.advance({ seconds: 1 });
    await t.loop('planner');
    expect(await states()).toEqual({ queued: ROOM / 2 });
    await t.db.raw(`delete from devices where token like 'more%'`);
  });

  it('in requests also of transactional messages, of which some go to more devices than others', async () => {
    await secondDevices(2);
    await launched({ class: 'transactional' });
    await t.loop('planner');
    expect(await states()).toEqual({ queued: ROOM / 1.5 });
    expect(await t.db.raw('select sum(requests)::integer as requests from chunks')).toEqual([{ requests: ROOM }]);
    await t.db.raw(`delete from devices where token like 'more%'`);
  });

  it('simulate counts a request for each device, as the throttle does, whatever the class', async () => {
    await secondDevices(2);
    for (const fields of [{}, { class: 'transactional' }]) {
      const id = await createCampaign(t, { throttlePerMinute: 31, expiresAfter: 'PT10M', ...fields });
      const { wouldSend, suppressed, estimatedMinutes } = (await t.http.post(`/v1/campaigns/${id}/simulate`).set(auth(t.keys.marketer)).expect(200)).body;
      // 750 requests, one every 2 s: 301 in 10 minutes, which are two fifths of all.
      expect({ wouldSend, suppressed, estimatedMinutes }).toEqual({ wouldSend: 200, suppressed: [{ reason: 'expired', count: 300 }], estimatedMinutes: 10 });
    }
    await t.db.raw(`delete from devices where token like 'more%'`);
  });

  it('also where its zones compete with others by worth', async () => {
    await t.db.raw(`update users set timezone = (array['Asia/Tokyo', 'Europe/Berlin', 'Asia/Kolkata'])[id % 3 + 1]`);
    await putPolicy(t, { caps: [{ key: 'one', channel: 'push', limit: 1, window: { type: 'rolling', duration: 'P7D' } }] });
    const schedule = { type: 'local', localAt: '2026-03-02T09:00', ifPassed: 'sendNow' };
    const throttled = await launched({ schedule, priority: 50 });
    const other = await createCampaign(t, { worth: true, priority: 50, conversion: { event: 'purchase', window: 'P3D' } });
    await launch(t, other);
    await t.loop('planner');
    const queued = await t.db.raw<{ id: string; n: number }>(
      `select campaign_id::text as id, count(*)::integer as n from deliveries where state = 'queued' group by 1`);
    expect(queued.find(({ id }) => id === throttled)).toEqual({ id: throttled, n: ROOM });
    expect(await t.db.raw(`select distinct campaign_id from waves where decided_at is null`)).toEqual([{ campaign_id: throttled }]);
  });
});
