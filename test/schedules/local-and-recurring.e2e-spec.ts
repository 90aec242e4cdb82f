import { createCampaign, launch, putPolicy } from '../factories/campaigns.js';
import { auth, startTestApp } from '../support/test-app.js';
import { startSchedules, type SchedulesUnderTest } from './fixture.js';

let t: SchedulesUnderTest;
beforeAll(async () => (t = await startSchedules()));
afterAll(() => t?.close());
beforeEach(() => t.clear());

describe('a campaign at a local time', () => {
  it('reaches everybody when it is that time where they are; those without a zone by the default one', async () => {
    await t.people({ berlin: 'Europe/Berlin', kathmandu: 'Asia/Kathmandu', nowhere: null, pago: 'Pacific/Pago_Pago' });
    const id = await t.launched({ type: 'local', localAt: '2026-03-02T19:00' });
    expect(await t.status(id)).toBe('scheduled');
    await t.tickAt('2026-03-02T13:14:59Z');
    expect(await t.ledger(id)).toEqual([]);
    await t.tickAt('2026-03-02T13:15:00Z');
    expect(await t.ledger(id)).toEqual(['kathmandu queued']);
    expect(await t.status(id)).toBe('running');
    await t.tickAt('2026-03-02T18:00:00Z');
    await t.tickAt('2026-03-02T19:00:00Z');
    expect(await t.ledger(id)).toEqual(['kathmandu queued', 'berlin queued', 'nowhere queued']);
    await t.tickAt('2026-03-03T06:00:00Z');
    expect(await t.ledger(id)).toHaveLength(4);
  });

  it('says local_time_passed where it had passed at launch, after reachability and before expiry', async () => {
    await t.people({ kathmandu: 'Asia/Kathmandu', berlin: 'Europe/Berlin' });
    await t.db.raw(`insert into users (id, user_id, timezone, created_at) values (nextval('user_id_seq'), 'deviceless', 'Asia/Kathmandu', now())`);
    const id = await t.launched({ type: 'local', localAt: '2026-03-02T15:00' }, { expiresAfter: 'PT1H' });
    await t.tickAt();
    expect(await t.ledger(id)).toEqual(['deviceless suppressed no_device', 'kathmandu suppressed local_time_passed']);
  });

  it('gives people of a zone that nobody was of at launch a wave of their own', async () => {
    await t.people({ berlin: 'Europe/Berlin' });
    const id = await t.launched({ type: 'local', localAt: '2026-03-02T19:00' });
    await t.people({ newyork: 'America/New_York' });
    await t.tickAt('2026-03-02T18:00:00Z');
    await t.tickAt('2026-03-03T00:00:00Z');
    expect(await t.ledger(id)).toEqual(['berlin queued', 'newyork queued']);
  });

  it('decides everybody although one person’s zone is broken and quiet hours hold for the rest', async () => {
    await t.people({ broken: 'Mars/Olympus', berlin: 'Europe/Berlin', nowhere: null });
    await putPolicy(t, { quietHours: [{ channel: 'push', start: '12:30', end: '14:00', days: ['mon'] }] });
    const id = await t.launched({ type: 'now' });
    await t.tickAt();
    expect(await t.ledger(id)).toEqual(['berlin suppressed quiet_hours', 'broken queued', 'nowhere queued']);
    // What is said of this person is by the default zone too.
    t.clock.set('2026-03-02T12:45:00Z');
    const fatigue = (await t.http.get('/v1/users/broken/fatigue').set(auth(t.keys.marketer)).expect(200)).body;
    expect(fatigue).toMatchObject({ quietUntil: { push: '2026-03-02T14:00:00.000Z' } });
    await t.http.get(`/v1/campaigns/${id}/explain?userId=broken`).set(auth(t.keys.marketer)).expect(200);
    await putPolicy(t, {});
  });

  it('is simulated as it will be decided', async () => {
    await t.people({ kathmandu: 'Asia/Kathmandu', pago: 'Pacific/Pago_Pago', berlin: 'Europe/Berlin' });
    const id = await createCampaign(t, { schedule: { type: 'local', localAt: '2026-03-02T15:00', ifPassed: 'skip' } });
    const simulated = (await t.http.post(`/v1/campaigns/${id}/simulate`).set(auth(t.keys.marketer)).expect(200)).body;
    expect(simulated).toMatchObject({ audience: 3, wouldSend: 2, suppressed: [{ reason: 'local_time_passed', count: 1 }] });
  });
});

describe('a recurring campaign', () => {
  const DAILY = { type: 'recurring', cron: '0 9 * * *', timezone: 'Europe/Berlin' };

  it('makes each occurrence ahead, decides it when it is due, and goes on', async () => {
    await t.people({ berlin: 'Europe/Berlin', newyork: 'America/New_York' });
    const id = await t.launched(DAILY);
    expect(await t.runs(id)).toEqual([{ scheduledFor: '2026-03-03T08:00:00.000Z', status: 'scheduled' }]);
    await t.tickAt('2026-03-03T08:00:00Z');
    expect(await t.ledger(id)).toEqual(['berlin queued', 'newyork queued']);
    expect((await t.runs(id)).map(({ scheduledFor }) => scheduledFor)).toEqual(['2026-03-03T08:00:00.000Z', '2026-03-04T08:00:00.000Z']);
    expect(await t.status(id)).toBe('running');
    await t.tickAt('2026-03-04T08:00:00Z');
    expect(await t.ledger(id)).toHaveLength(4);
  });

  it('in each user’s zone comes once a day to everybody', async () => {
    await t.people({ berlin: 'Europe/Berlin', pago: 'Pacific/Pago_Pago', kiritimati: 'Pacific/Kiritimati' });
    const id = await t.launched({ ...DAILY, timezone: 'user' });
    for (let hour = 0; hour < 48; hour++) await t.tickAt(new Date(Date.parse('2026-03-02T12:00:00Z') + hour * 3_600_000).toISOString());
    const rows = await t.ledger(id);
    expect(rows.filter((row) => row.startsWith('berlin'))).toHaveLength(2);
    expect(rows.filter((row) => row.startsWith('pago'))).toHaveLength(2);
    expect(rows.filter((row) => row.startsWith('kiritimati'))).toHaveLength(2);
  });

  it('in each user’s zone begins with the launch everywhere, however often a day it comes', async () => {
    await t.people({ berlin: 'Europe/Berlin', pago: 'Pacific/Pago_Pago', kiritimati: 'Pacific/Kiritimati' });
    const id = await t.launched({ ...DAILY, cron: '0 * * * *', timezone: 'user' });
    for (let i = 0; i < 3; i++) await t.tickAt();
    expect(await t.ledger(id)).toEqual([]);
    for (let hour = 13; hour < 40; hour++) await t.tickAt(new Date(Date.parse('2026-03-02T00:00:00Z') + hour * 3_600_000).toISOString());
    expect(await t.db.raw(`select u.user_id as who, count(*)::integer as n, min(d.due_at) as first, max(d.decided_at - d.due_at)::text as late
      from deliveries d join users u on u.id = d.user_id where d.campaign_id = $1 group by 1 order by 1`, [id]))
      .toEqual(['berlin', 'kiritimati', 'pago'].map((who) => ({ who, n: 27, first: new Date('2026-03-02T13:00:00Z'), late: '00:00:00' })));
  });

  it.each([['0 * * * *', '2026-03-02T13:00:00.000Z'], ['0 9 * * *', '2026-03-02T19:00:00.000Z']])('in each user’s zone (%s) is simulated as of everybody’s first time, in whichever occurrence that is', async (cron, asOf) => {
    await t.people({ berlin: 'Europe/Berlin', pago: 'Pacific/Pago_Pago', kiritimati: 'Pacific/Kiritimati' });
    await t.db.raw(`insert into subscriptions (user_id, channel, state, occurred_at) select id, 'push', 'unsubscribed', now() from users where user_id = 'pago'`);
    const id = await createCampaign(t, { schedule: { ...DAILY, cron, timezone: 'user' } });
    const simulated = (await t.http.post(`/v1/campaigns/${id}/simulate`).set(auth(t.keys.marketer)).expect(200)).body;
    await launch(t, id);
    for (let hour = 13; hour < (cron === '0 * * * *' ? 14 : 36); hour++) await t.tickAt(new Date(Date.parse('2026-03-02T00:00:00Z') + hour * 3_600_000).toISOString());
    expect((await t.ledger(id)).sort()).toEqual(['berlin queued', 'kiritimati queued', 'pago suppressed unsubscribed']);
    expect(simulated).toMatchObject({ asOf, audience: 3, wouldSend: 2, suppressed: [{ reason: 'unsubscribed', count: 1 }] });
  });

  it('after downtime runs what has not expired and puts the rest on record as expired', async () => {
    await t.people({ berlin: 'Europe/Berlin' });
    const id = await t.launched(DAILY, { expiresAfter: 'PT36H' });
    await t.tickAt('2026-03-06T10:00:00Z');
    expect((await t.runs(id)).map(({ scheduledFor, status }) => `${scheduledFor.slice(0, 10)} ${status}`)).toEqual(
      ['2026-03-03 expired', '2026-03-04 expired', '2026-03-05 running', '2026-03-06 running', '2026-03-07 scheduled']);
    expect(await t.ledger(id)).toEqual(['berlin queued', 'berlin queued']);
  });

  it('completes after `until`', async () => {
    await t.people({ berlin: 'Europe/Berlin' });
    const id = await t.launched({ ...DAILY, until: '2026-03-03T08:00:00Z' });
    await t.tickAt('2026-03-03T08:00:00Z');
    expect((await t.runs(id)).length).toBe(1);
    await t.db.raw(`update deliveries set state = 'sent', settled_at = $1, counted_at = $1`, ['2026-03-03T08:00:01Z']);
    await t.db.raw('update chunks set closed_at = now()');
    await t.tickAt('2026-03-03T08:01:00Z');
    expect(await t.status(id)).toBe('completed');
  });

  it('reaches nobody again within its reentry, which a message that left late does not stretch', async () => {
    await t.people({ berlin: 'Europe/Berlin' });
    const [daily, everyOther, once] = [await t.launched({ ...DAILY, reentry: 'P1D' }), await t.launched({ ...DAILY, reentry: 'P2D' }), await t.launched({ ...DAILY, reentry: 'never' })];
    // The 29th has 23 hours in Berlin, and each pass comes minutes late.
    for (const [day, hour] of [['27', '08:07'], ['28', '08:00'], ['29', '07:03'], ['30', '07:00']]) await t.tickAt(`2026-03-${day}T${hour}:00Z`);
    const reached = async (id: string) => (await t.ledger(id)).filter((row) => row.includes('queued')).length;
    expect([await reached(daily), await reached(everyOther), await reached(once)]).toEqual([4, 2, 1]);
  });

  it('paused over its time runs what has not expired when it is resumed', async () => {
    await t.people({ berlin: 'Europe/Berlin' });
    const id = await t.launched(DAILY, { expiresAfter: 'PT2H' });
    const verb = (name: string) => t.http.post(`/v1/campaigns/${id}/${name}`).set(auth(t.keys.marketer)).expect(200);
    await verb('pause');
    await t.tickAt('2026-03-04T07:00:00Z');
    expect(await t.ledger(id)).toEqual([]);
    await verb('resume');
    await t.tickAt('2026-03-04T09:00:00Z');
    expect(await t.ledger(id)).toEqual(['berlin queued']);
    expect((await t.runs(id)).map(({ scheduledFor, status }) => `${scheduledFor.slice(0, 10)} ${status}`)).toEqual(['2026-03-03 expired', '2026-03-04 running', '2026-03-05 scheduled']);
  });

  it('edited while paused begins anew with its next occurrence', async () => {
    await t.people({ berlin: 'Europe/Berlin' });
    const id = await t.launched(DAILY);
    await t.http.post(`/v1/campaigns/${id}/pause`).set(auth(t.keys.marketer)).expect(200);
    await t.http.patch(`/v1/campaigns/${id}`).set(auth(t.keys.marketer)).send({ schedule: { ...DAILY, cron: '0 20 * * *' } }).expect(200);
    expect((await t.runs(id)).map(({ scheduledFor }) => scheduledFor)).toEqual(['2026-03-02T19:00:00.000Z']);
  });

  it('sixteen schedulers at once make every occurrence exactly once, and give each new zone one wave', async () => {
    await t.people({ berlin: 'Europe/Berlin' });
    const ids = await Promise.all(Array.from({ length: 5 }, () => t.launched({ type: 'recurring', cron: '*/10 * * * *', timezone: 'user' })));
    const daily = await t.launched({ type: 'local', localAt: '2026-03-03T12:00' });
    await t.people({ paris: 'Europe/Paris', kathmandu: 'Asia/Kathmandu', newyork: 'America/New_York' });
    const others = await Promise.all(Array.from({ length: 15 }, () => startTestApp({ databaseUrl: t.databaseUrl, clock: t.clock })));
    try {
      t.clock.set('2026-03-02T15:00:00Z');
      await Promise.all([t, ...others].map((app) => app.loop('campaign-scheduler')));
      await Promise.all([t, ...others].map((app) => app.loop('planner')));
      expect(await t.db.raw(`select run_id, z as zone from waves, unnest(zones) as z group by 1, 2 having count(*) > 1`)).toEqual([]);
      expect(await t.db.raw(`select zones from waves where campaign_id = $1 order by due_at, zones`, [daily]))
        .toEqual([['Asia/Kathmandu'], ['Europe/Berlin'], ['Europe/Paris'], ['America/New_York']].map((each) => ({ zones: each })));
      const [row] = await t.db.raw<{ runs: number; occurrences: number }>(
        `select count(*)::integer as runs, count(distinct (campaign_id, local_at))::integer as occurrences from runs where campaign_id = any ($1)`, [ids]);
      // Every ten minutes of wall time up to the first one that the earliest place on earth has not reached.
      expect(row!.runs).toBe(row!.occurrences);
      const walls = (await t.db.raw<{ n: number }>(`select count(*)::integer as n from runs where campaign_id = $1`, [ids[0]]))[0]!.n;
      expect(row!.runs).toBe(5 * walls);
      const twice = await t.db.raw(`select from deliveries group by run_id, user_id, entry having count(*) > 1`);
      expect(twice).toEqual([]);
    } finally {
      await Promise.all(others.map((app) => app.close()));
    }
  });
});

it('launch refuses a recurrence without an occurrence to come', async () => {
  const id = await createCampaign(t, { schedule: { type: 'recurring', cron: '0 9 * * *', timezone: 'UTC', until: '2026-03-02T12:00:00Z' } });
  await expect(launch(t, id)).rejects.toThrow('until has passed');
});
