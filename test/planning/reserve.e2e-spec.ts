import { createCampaign, launch, prepareCatalogue, putPolicy } from '../factories/campaigns.js';
import { insertReachableUsers } from '../factories/people.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

const NOON = '2026-03-02T12:00:00Z';
const at = (instant: string) => ({ type: 'at', at: instant });

describe('a campaign with reserve: true', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await startTestApp();
    await prepareCatalogue(t);
    await insertReachableUsers(t.db, 3, 'p', t.clock.now());
    await t.http.post('/v1/segments').set(auth(t.keys.marketer)).send({ key: 'first', name: 'First', static: true }).expect(201);
    await t.http.post('/v1/segments/first/members').set(auth(t.keys.marketer)).send({ add: ['p-0'] }).expect(200);
  });
  afterAll(() => t?.close());
  beforeEach(async () => {
    await t.db.raw('truncate campaigns, deliveries, chunks cascade');
    t.clock.set(NOON);
    await putPolicy(t, { caps: [{ key: 'day', channel: 'push', limit: 1, window: { type: 'rolling', duration: 'PT24H' } }] });
  });

  const ledger = async (id: string) => (await t.db.raw<{ row: string }>(
    `select u.user_id || ' ' || d.state || coalesce(' ' || d.reason, '') || coalesce(' until ' || to_char(d.free_at at time zone 'UTC', 'HH24:MI'), '') as row
     from deliveries d join users u on u.id = d.user_id where d.campaign_id = $1 order by 1`, [id])).map(({ row }) => row);
  const launched = async (overrides: object) => {
    const id = await createCampaign(t, overrides as never);
    await launch(t, id);
    return id;
  };
  const get = async (path: string) => (await t.http.get(path).set(auth(t.keys.marketer)).expect(200)).body;

  it('holds back the slot of the users in its audience, from lower priorities alone', async () => {
    const holder = await launched({ priority: 90, reserve: true, audience: { include: ['first'] }, schedule: at('2026-03-02T18:00:00Z') });
    const [lower, defers, equal] = [await launched({ priority: 50 }), await launched({ priority: 40, onFatigue: 'defer' }), await createCampaign(t, { priority: 90 })];
    await t.loop('planner');
    expect(await ledger(lower)).toEqual(['p-0 suppressed reserved_for_priority', 'p-1 queued', 'p-2 queued']);
    expect(await ledger(defers)).toEqual(['p-0 deferred reserved_for_priority until 18:00', 'p-1 deferred outranked until 12:00', 'p-2 deferred outranked until 12:00']);
    const explained = await get(`/v1/campaigns/${lower}/explain?userId=p-0`);
    expect(explained).toMatchObject({ outcome: 'suppressed', reason: 'reserved_for_priority', outrankedBy: { campaignId: holder } });
    expect(explained.gates.find(({ gate }: { gate: string }) => gate === 'reserved_for_priority')).toMatchObject({ passed: false, recomputed: false });
    await launch(t, equal);
    await t.loop('planner');
    expect((await ledger(equal))[0]).toBe('p-0 queued');
  });

  it('the displacement is on record for both', async () => {
    const holder = await launched({ priority: 90, reserve: true, audience: { include: ['first'] }, schedule: at('2026-03-02T18:00:00Z') });
    const [high, low] = [await launched({ priority: 60, audience: { include: ['everyone'], exclude: ['first'] } }), await launched({ priority: 50 })];
    await t.loop('planner');
    expect(await get(`/v1/campaigns/${low}/displacements`)).toEqual({
      displaced: [],
      displacedBy: [{ campaignId: high, reason: 'outranked', count: 2 }, { campaignId: holder, reason: 'reserved_for_priority', count: 1 }],
    });
    expect(await get(`/v1/campaigns/${holder}/displacements`)).toEqual({ displaced: [{ campaignId: low, reason: 'reserved_for_priority', count: 1 }], displacedBy: [] });
    expect((await get(`/v1/campaigns/${high}/displacements`)).displaced).toEqual([{ campaignId: low, reason: 'outranked', count: 2 }]);
  });

  it('holds nothing that will be free by then, nor beyond the cap’s window', async () => {
    await launched({ priority: 90, reserve: true, schedule: at('2026-03-03T12:00:00Z') });
    const lower = await launched({ priority: 50 });
    await t.loop('planner');
    expect(await ledger(lower)).toEqual(['p-0 queued', 'p-1 queued', 'p-2 queued']);
  });

  it('an occurrence that passes gives its hold back: what was deferred is sent where it may be', async () => {
    const holder = await launched({ priority: 90, reserve: true, audience: { include: ['first'] }, schedule: at('2026-03-02T18:00:00Z') });
    const lower = await launched({ priority: 50, onFatigue: 'defer', expiresAfter: 'P2D', audience: { include: ['first'] } });
    await t.loop('planner');
    await t.http.post(`/v1/campaigns/${holder}/cancel`).set(auth(t.keys.marketer)).expect(200);
    t.clock.set('2026-03-02T18:00:00Z');
    await t.loop('planner');
    expect(await ledger(lower)).toEqual(['p-0 queued']);
  });

  it('keeps the slot to the end: the holder sends to everybody it held for', async () => {
    const holder = await launched({ priority: 90, reserve: true, schedule: at('2026-03-02T18:00:00Z') });
    for (let i = 0; i < 5; i++) await launched({ priority: i * 10 });
    await t.loop('planner');
    t.clock.set('2026-03-02T18:00:00Z');
    await t.loop('planner');
    expect(await ledger(holder)).toEqual(['p-0 queued', 'p-1 queued', 'p-2 queued']);
  });

  describe('that reaches its users hour by hour or zone by zone', () => {
    const DAY = { type: 'bestHour', date: '2026-03-03', from: '08:00', to: '22:00' };
    beforeEach(async () => {
      await t.db.raw('update users set timezone = null');
      await putPolicy(t, { caps: [{ key: 'days', channel: 'push', limit: 2, window: { type: 'rolling', duration: 'P2D' } }] });
    });
    const tickAt = async (instant: string) => {
      t.clock.set(instant);
      for (const loop of ['campaign-scheduler', 'planner']) await t.loop(loop);
    };
    const reached = async (id: string) => (await ledger(id)).map((row) => row.split(' ')[0]!);

    it('gives the hold back to whom it has reached already, at an earlier hour', async () => {
      const holder = await launched({ priority: 90, reserve: true, schedule: DAY });
      await tickAt('2026-03-03T08:00:00Z');
      expect((await reached(holder)).length).toBeGreaterThan(0);
      const lower = await launched({ priority: 10 });
      await tickAt('2026-03-03T08:30:00Z');
      expect(await ledger(lower)).toEqual(['p-0 queued', 'p-1 queued', 'p-2 queued']);
    });

    it('gives it back in the very pass that reaches them, and simulate says so', async () => {
      const holder = await launched({ priority: 90, reserve: true, schedule: DAY });
      const lower = await createCampaign(t, { priority: 10, schedule: at('2026-03-03T08:00:00Z') });
      t.clock.set('2026-03-03T07:59:00Z');
      await t.loop('campaign-scheduler');
      const simulated = (await t.http.post(`/v1/campaigns/${lower}/simulate`).set(auth(t.keys.marketer)).expect(200)).body;
      expect(simulated).toMatchObject({ wouldSend: 3, suppressed: [] });
      await launch(t, lower);
      await tickAt('2026-03-03T08:00:00Z');
      expect((await reached(holder)).length).toBeGreaterThan(0);
      expect(await ledger(lower)).toEqual(['p-0 queued', 'p-1 queued', 'p-2 queued']);
    });

    it('holds for the occurrence after it instead, where that is near', async () => {
      await t.db.raw(`update users set timezone = case user_id when 'p-0' then 'Asia/Tokyo' else 'Europe/Berlin' end`);
      const holder = await launched({ priority: 90, reserve: true, schedule: { type: 'recurring', cron: '0 9 * * *', timezone: 'user' } });
      await tickAt('2026-03-03T00:00:00Z');
      expect(await ledger(holder)).toEqual(['p-0 queued']);
      await tickAt('2026-03-03T07:59:00Z');
      const lower = await launched({ priority: 10, schedule: at('2026-03-03T08:00:00Z') });
      await tickAt('2026-03-03T08:00:00Z');
      expect(await ledger(holder)).toEqual(['p-0 queued', 'p-1 queued', 'p-2 queued']);
      expect(await ledger(lower)).toEqual(['p-0 suppressed reserved_for_priority', 'p-1 suppressed outranked', 'p-2 suppressed outranked']);
    });

    it('holds for a later occurrence for whom the next has reached in the zone that they came from', async () => {
      await t.db.raw(`update users set timezone = case user_id when 'p-0' then 'Asia/Tokyo' else 'Europe/Berlin' end`);
      const holder = await launched({ priority: 90, reserve: true, schedule: { type: 'recurring', cron: '0 9,18 * * *', timezone: 'user' } });
      await tickAt('2026-03-03T00:00:00Z');
      expect((await ledger(holder)).filter((row) => row.startsWith('p-0'))).toEqual(['p-0 queued']);
      await t.db.raw(`update users set timezone = 'Europe/Berlin'`);
      await tickAt('2026-03-03T07:59:00Z');
      const lower = await launched({ priority: 10 });
      await tickAt('2026-03-03T07:59:30Z');
      expect(await ledger(lower)).toEqual(['p-0', 'p-1', 'p-2'].map((who) => `${who} suppressed reserved_for_priority`));
    });
  });
});
