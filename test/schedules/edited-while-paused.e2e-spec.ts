import { auth } from '../support/test-app.js';
import { putPolicy } from '../factories/campaigns.js';
import { startSchedules, type SchedulesUnderTest } from './fixture.js';

let t: SchedulesUnderTest;
beforeAll(async () => (t = await startSchedules()));
afterAll(() => t?.close());
beforeEach(async () => {
  await t.clear();
  await putPolicy(t, {});
});

const verb = (id: string, name: string) => t.http.post(`/v1/campaigns/${id}/${name}`).set(auth(t.keys.marketer)).expect(200);
const patch = (id: string, change: object) => t.http.patch(`/v1/campaigns/${id}`).set(auth(t.keys.marketer)).send(change).expect(200);
const daily = (hour: number, fields: object = {}) => ({ type: 'recurring', cron: `0 ${hour} * * *`, timezone: 'UTC', ...fields });
const dues = async (id: string) => (await t.db.raw<{ who: string }>(
  `select u.user_id || ' ' || to_char(d.due_at at time zone 'UTC', 'DD HH24:MI') as who from deliveries d join users u on u.id = d.user_id
   where d.campaign_id = $1 and d.state = 'queued' order by d.due_at, 1`, [id])).map(({ who }) => who);
const scheduled = async (id: string) => (await t.runs(id)).map(({ scheduledFor }) => scheduledFor.slice(0, 13)).sort();

describe('the schedule of a recurrence, edited while it is paused', () => {
  it('loses none of the occurrences that fell into the pause', async () => {
    await t.people({ ada: null });
    const id = await t.launched(daily(9), { expiresAfter: 'P7D' });
    await verb(id, 'pause');
    t.clock.set('2026-03-05T12:00:00Z');
    await patch(id, { schedule: daily(9, { until: '2026-03-20T00:00:00Z' }) });
    await verb(id, 'resume');
    await t.tickAt();
    expect(await dues(id)).toEqual(['ada 03 09:00', 'ada 04 09:00', 'ada 05 09:00']);
    expect(await scheduled(id)).toEqual(['2026-03-03T09', '2026-03-04T09', '2026-03-05T09', '2026-03-06T09']);
  });

  it('nor more of them than are made in one go', async () => {
    const id = await t.launched({ type: 'recurring', cron: '0 * * * *', timezone: 'UTC' }, { expiresAfter: 'PT1H' });
    await verb(id, 'pause');
    t.clock.set('2026-03-14T12:30:00Z');
    await patch(id, { schedule: daily(9) });
    // From the second at 13:00, and the one to come.
    expect((await t.db.raw('select from runs where campaign_id = $1', [id]))).toHaveLength(12 * 24 + 1);
  });

  it('puts those that have expired on record by the old schedule', async () => {
    await t.people({ ada: null });
    const id = await t.launched(daily(9), { expiresAfter: 'PT1H' });
    await verb(id, 'pause');
    t.clock.set('2026-03-05T12:00:00Z');
    await patch(id, { schedule: daily(20) });
    expect((await t.runs(id)).filter(({ status }) => status === 'expired').map(({ scheduledFor }) => scheduledFor.slice(0, 13)).sort())
      .toEqual(expect.arrayContaining(['2026-03-04T09', '2026-03-05T09']));
    await verb(id, 'resume');
    await t.tickAt('2026-03-05T20:00:00Z');
    expect(await dues(id)).toEqual(['ada 05 20:00']);
    expect(await t.ledger(id)).toEqual(['ada queued']);
  });

  it('reaches nobody twice where some zones have had the day’s occurrence already', async () => {
    await t.people({ tokyo: 'Asia/Tokyo', newyork: 'America/New_York' });
    const at = (hour: number) => ({ type: 'recurring', cron: `0 ${hour} * * *`, timezone: 'user' });
    const id = await t.launched(at(18), { expiresAfter: 'PT6H' });
    await t.tickAt('2026-03-03T09:00:00Z');
    t.clock.set('2026-03-03T12:00:00Z');
    await verb(id, 'pause');
    await patch(id, { schedule: at(20) });
    await t.people({ honolulu: 'Pacific/Honolulu' });
    await verb(id, 'resume');
    for (let hour = 12; hour < 44; hour++) await t.tickAt(new Date(Date.parse('2026-03-03T00:00:00Z') + hour * 3_600_000).toISOString());
    expect(await dues(id)).toEqual(['tokyo 03 09:00', 'newyork 04 01:00', 'honolulu 04 06:00', 'tokyo 04 11:00']);
  });

  it('begins with the edit everywhere, however often a day it comes', async () => {
    await t.people({ berlin: 'Europe/Berlin', kiritimati: 'Pacific/Kiritimati' });
    const id = await t.launched({ type: 'recurring', cron: '0 4 * * *', timezone: 'user' });
    await verb(id, 'pause');
    await patch(id, { schedule: { type: 'recurring', cron: '0 * * * *', timezone: 'user' } });
    await verb(id, 'resume');
    for (const hour of ['12', '13', '14']) await t.tickAt(`2026-03-02T${hour}:00:00Z`);
    expect(await dues(id)).toEqual(['berlin 02 13:00', 'kiritimati 02 13:00', 'berlin 02 14:00', 'kiritimati 02 14:00']);
  });

  it('ends an occurrence that is under way where it would come after `until`', async () => {
    await t.people({ tokyo: 'Asia/Tokyo', berlin: 'Europe/Berlin', newyork: 'America/New_York' });
    const evening = { type: 'recurring', cron: '0 18 * * *', timezone: 'user' };
    const id = await t.launched(evening, { expiresAfter: 'PT6H' });
    await t.tickAt('2026-03-03T09:00:00Z');
    t.clock.set('2026-03-03T12:00:00Z');
    await verb(id, 'pause');
    await patch(id, { schedule: { ...evening, until: '2026-03-03T20:00:00Z' } });
    await verb(id, 'resume');
    for (let hour = 12; hour < 44; hour++) await t.tickAt(new Date(Date.parse('2026-03-03T00:00:00Z') + hour * 3_600_000).toISOString());
    expect(await dues(id)).toEqual(['tokyo 03 09:00', 'berlin 03 17:00']);
  });

  it('leaves an occurrence that is under way alone where the new schedule has it too', async () => {
    await t.people({ tokyo: 'Asia/Tokyo', newyork: 'America/New_York' });
    const evening = { type: 'recurring', cron: '0 18 * * *', timezone: 'user' };
    const id = await t.launched(evening, { expiresAfter: 'PT6H' });
    await t.tickAt('2026-03-03T09:00:00Z');
    t.clock.set('2026-03-03T12:00:00Z');
    await verb(id, 'pause');
    await patch(id, { schedule: { ...evening, until: '2026-03-04T00:00:00Z' } });
    await verb(id, 'resume');
    for (let hour = 12; hour < 40; hour++) await t.tickAt(new Date(Date.parse('2026-03-03T00:00:00Z') + hour * 3_600_000).toISOString());
    expect(await dues(id)).toEqual(['tokyo 03 09:00', 'newyork 03 23:00']);
  });
});

describe('expiresAfter, edited while a campaign is paused', () => {
  const states = async (id: string) => t.ledger(id);

  it('made shorter leaves what is decided as it was decided', async () => {
    await t.people({ ada: null, bob: null });
    await putPolicy(t, { quietHours: [{ channel: 'push', start: '11:00', end: '13:00' }] });
    const waits = await t.launched({ type: 'now' }, { onFatigue: 'defer' });
    const sends = await t.launched({ type: 'now' }, { ignoreCaps: true, class: 'transactional' });
    await t.tickAt();
    expect(await states(waits)).toEqual(['ada deferred quiet_hours', 'bob deferred quiet_hours']);
    for (const id of [waits, sends]) {
      await verb(id, 'pause');
      await patch(id, { expiresAfter: 'PT10M' });
    }
    t.clock.advance({ minutes: 14 });
    await t.loop('reaper');
    expect(await states(waits)).toEqual(['ada deferred quiet_hours', 'bob deferred quiet_hours']);
    expect(await states(sends)).toEqual(['ada queued', 'bob queued']);
    await verb(waits, 'resume');
    await t.tickAt('2026-03-02T13:00:00Z');
    expect(await states(waits)).toEqual(['ada queued', 'bob queued']);
  });

  it('holds for what is not decided yet', async () => {
    await t.people({ tokyo: 'Asia/Tokyo', newyork: 'America/New_York' });
    const id = await t.launched({ type: 'local', localAt: '2026-03-03T18:00' });
    await t.tickAt('2026-03-03T09:00:00Z');
    await verb(id, 'pause');
    await patch(id, { expiresAfter: 'PT10M' });
    t.clock.set('2026-03-03T23:11:00Z');
    await verb(id, 'resume');
    await t.tickAt();
    expect(await states(id)).toEqual(['tokyo queued', 'newyork suppressed expired']);
  });

  it('made longer and shorter again ends a run no later than its rows do', async () => {
    await t.people({ ada: null });
    const id = await t.launched({ type: 'at', at: '2026-03-03T12:00:00Z' }, { expiresAfter: 'PT2H' });
    await verb(id, 'pause');
    for (const expiresAfter of ['P3D', 'PT1H', 'P2D', 'PT1H']) await patch(id, { expiresAfter });
    expect(await t.db.raw(`select r.expires_at as run, w.expires_at as wave from runs r join waves w on w.run_id = r.id where r.campaign_id = $1`, [id]))
      .toEqual([{ run: new Date('2026-03-03T13:00:00Z'), wave: new Date('2026-03-03T13:00:00Z') }]);
  });
});

describe('the reentry of a triggered campaign, tightened while it is paused', () => {
  it.each([['never', ['ada 02 12:00', 'bob 02 12:10']], ['PT10M', ['ada 02 12:00', 'ada 02 12:10', 'bob 02 12:10']]])('to %s holds for whom `always` had let in', async (reentry, decided) => {
    await t.people({ ada: null, bob: null });
    const signup = { type: 'triggered', event: 'signup' };
    const id = await t.launched({ ...signup, reentry: 'always' });
    await t.event('ada', 'signup');
    await verb(id, 'pause');
    await patch(id, { schedule: { ...signup, reentry } });
    await verb(id, 'resume');
    for (const minute of ['09', '10']) {
      t.clock.set(`2026-03-02T12:${minute}:00Z`);
      await t.event('ada', 'signup');
    }
    await t.event('bob', 'signup');
    for (let i = 0; i < 3; i++) await t.tickAt();
    expect(await dues(id)).toEqual(decided);
  });
});
