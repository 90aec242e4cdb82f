import { readFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '../../src/platform/clock/index.js';
import { createCampaign, launch, prepareCatalogue } from '../factories/campaigns.js';
import { insertReachableUsers } from '../factories/people.js';
import { startGateways, type Gateways } from '../support/gateways.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

const MINUTE = 60_000;

/** How many of the instants (ms, ascending) fall into the fullest window of `ms`. */
function fullest(instants: readonly number[], ms: number): number {
  let [most, first] = [0, 0];
  instants.forEach((at, i) => {
    while (instants[first]! <= at - ms) first++;
    most = Math.max(most, i - first + 1);
  });
  return most;
}

describe('a throttle', () => {
  describe('holds at most 15 minutes of itself', () => {
    let t: TestApp;
    beforeAll(async () => {
      t = await startTestApp();
      await prepareCatalogue(t);
      await insertReachableUsers(t.db, 500, 'p', t.clock.now());
    });
    afterAll(() => t?.close());
    beforeEach(async () => {
      await t.db.raw('truncate campaigns, deliveries, chunks cascade');
      t.clock.set('2026-03-02T12:00:00Z');
    });
    const states = async () => Object.fromEntries((await t.db.raw<{ state: string; n: number }>(
      `select state || coalesce(' ' || reason, '') as state, count(*)::integer as n from deliveries group by 1 order by 1`)).map(({ state, n }) => [state, n]));
    const send = async (count: number) => {
      await t.db.raw(`update deliveries set state = 'sent', settled_at = $2, counted_at = $2 where (month, user_id, id) in (
        select month, user_id, id from deliveries where state = 'queued' order by id limit $1)`, [count, t.clock.now()]);
      await t.db.raw(`update chunks k set size = x.n, closed_at = case when x.n = 0 then $1::timestamptz end
        from (select c.id, (select count(*)::integer from deliveries d where d.chunk_id = c.id and d.state = 'queued') as n from chunks c) x where k.id = x.id`, [t.clock.now()]);
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
      const simulated = (await t.http.post(`/v1/campaigns/${id}/simulate`).set(auth(t.keys.marketer)).expect(200)).body;
      expect(simulated).toMatchObject({ audience: 500, wouldSend: 200, suppressed: [{ reason: 'expired', count: 300 }] });
      await launch(t, id);
      await t.loop('planner');
      await send(50);
      t.clock.advance({ minutes: 5 });
      await t.loop('planner');
      await send(150);
      t.clock.set('2026-03-02T12:20:00.001Z');
      await t.loop('planner');
      expect(await states()).toEqual({ sent: 200, 'suppressed expired': 300 });
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
  });

  describe('on the gateway’s log', () => {
    const log = join(mkdtempSync(join(tmpdir(), 'rapport-throttle-')), 'log.jsonl');
    let gateways: Gateways;
    let apps: TestApp[];
    beforeAll(async () => {
      gateways = await startGateways({ log });
      const env = { FCM_PROJECT_ID: 'demo-throttle', FCM_ENDPOINT: gateways.fcmUrl };
      const clock = new SystemClock() as never;
      const first = await startTestApp({ env, clock, automatic: true });
      apps = [first, await startTestApp({ env, clock, automatic: true, databaseUrl: first.databaseUrl })];
    });
    afterAll(async () => {
      for (const app of [...(apps ?? [])].reverse()) await app.close();
      await gateways?.stop();
    });

    it('1,019 a minute means at most 1,019 in any 60 s, evenly, over two workers', async () => {
      const [t] = apps as [TestApp];
      await prepareCatalogue(t);
      await insertReachableUsers(t.db, 200, 'p', new Date());
      const id = await createCampaign(t, { throttlePerMinute: 1_019 });
      await launch(t, id);
      while ((await gateways.counts()).totals.push.accepts < 200) await new Promise((resolve) => setTimeout(resolve, 100));
      const instants = readFileSync(log, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { kind: string; monotonicMs: number })
        .filter(({ kind }) => kind === 'request').map(({ monotonicMs }) => monotonicMs);
      expect(instants).toHaveLength(200);
      // The minute shortened to what the test lasts: no window may hold more than its share, give or take the lateness of one request.
      for (const ms of [2_000, 5_000, 10_000]) expect(fullest(instants, ms)).toBeLessThanOrEqual(Math.ceil(((ms + 2_000) / MINUTE) * 1_019));
      // And it is used: 200 at 1,019 a minute are 11.8 s, not many more.
      expect(instants.at(-1)! - instants[0]!).toBeGreaterThan((199 / 1_019) * MINUTE * 0.95);
      expect(instants.at(-1)! - instants[0]!).toBeLessThan((199 / 1_019) * MINUTE * 1.6);
    }, 120_000);
  });
});
