import { auth } from '../support/test-app.js';
import { createCampaign } from '../factories/campaigns.js';
import { startSchedules, type SchedulesUnderTest } from './fixture.js';

let t: SchedulesUnderTest;
beforeAll(async () => (t = await startSchedules()));
afterAll(() => t?.close());
beforeEach(() => t.clear());

const get = async (path: string) => (await t.http.get(path).set(auth(t.keys.marketer)).expect(200)).body;
const verb = (id: string, name: string) => t.http.post(`/v1/campaigns/${id}/${name}`).set(auth(t.keys.marketer)).expect(200);
const statuses = async (id: string) => (await t.runs(id)).map(({ scheduledFor, status }) => `${scheduledFor.slice(0, 10)} ${status}`);

describe('when a campaign is due', () => {
  const MONTHLY = { type: 'recurring', cron: '0 9 1 * *', timezone: 'user' };
  const listed = async (from: string, to: string) => (await get(`/v1/campaigns?from=${from}&to=${to}`)).data.map(({ id }: { id: string }) => id);

  it('of a recurrence by the users’ own time is when the first of its people have that time', async () => {
    await t.people({ berlin: 'Europe/Berlin', newyork: 'America/New_York' });
    t.clock.set('2026-03-20T12:00:00Z');
    const id = await t.launched(MONTHLY);
    expect((await get(`/v1/campaigns/${id}`)).dueAt).toBe('2026-04-01T07:00:00.000Z');
    expect((await get('/v1/campaigns')).data.map(({ dueAt }: { dueAt: string }) => dueAt)).toEqual(['2026-04-01T07:00:00.000Z']);
    expect(await listed('2026-04-01T00:00:00Z', '2026-05-01T00:00:00Z')).toEqual([id]);
    expect(await listed('2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z')).toEqual([]);
    expect(await listed('2026-04-01T07:00:00.001Z', '2026-04-30T00:00:00Z')).toEqual([]);
    await t.tickAt('2026-04-01T06:59:59Z');
    expect((await t.runs(id))[0]!.status).toBe('scheduled');
    expect(await t.status(id)).toBe('scheduled');
    await t.tickAt('2026-04-01T07:00:00Z');
    expect((await t.runs(id))[0]!.status).toBe('running');
    expect(await t.status(id)).toBe('running');
  });

  it('moves for people of an earlier zone, and not for those to whom it comes no more', async () => {
    await t.people({ berlin: 'Europe/Berlin' });
    t.clock.set('2026-03-20T12:00:00Z');
    const id = await t.launched(MONTHLY);
    await t.people({ tokyo: 'Asia/Tokyo' });
    await t.tickAt('2026-03-21T12:00:00Z');
    expect((await get(`/v1/campaigns/${id}`)).dueAt).toBe('2026-04-01T00:00:00.000Z');
    t.clock.set('2026-04-01T03:00:00Z');
    await t.people({ kiritimati: 'Pacific/Kiritimati' });
    await t.tickAt();
    expect((await get(`/v1/campaigns/${id}`)).dueAt).toBe('2026-04-01T00:00:00.000Z');
  });
});

describe('occurrences that are over', () => {
  it('stay what they were when the campaign is cancelled', async () => {
    await t.people({ ada: null });
    const id = await t.launched({ type: 'recurring', cron: '0 9 * * *', timezone: 'UTC' }, { expiresAfter: 'PT2H' });
    await t.tickAt('2026-03-03T09:00:00Z');
    await t.db.raw(`update deliveries set state = 'sent', settled_at = $1, counted_at = $1`, [t.clock.now()]);
    await t.db.raw('update chunks set closed_at = now()');
    await t.tickAt('2026-03-03T09:01:00Z');
    await t.tickAt('2026-03-06T09:30:00Z');
    const before = ['2026-03-03 completed', '2026-03-04 expired', '2026-03-05 expired'];
    expect(await statuses(id)).toEqual([...before, '2026-03-06 running', '2026-03-07 scheduled']);
    await verb(id, 'cancel');
    t.clock.advance({ minutes: 2 });
    await t.loop('reaper');
    await t.tickAt();
    expect(await statuses(id)).toEqual([...before, '2026-03-06 cancelled', '2026-03-07 cancelled']);
  });

  it('of which somebody was decided on in time are not expired', async () => {
    await t.people({ tokyo: 'Asia/Tokyo', newyork: 'America/New_York' });
    const id = await t.launched({ type: 'recurring', cron: '0 18 * * *', timezone: 'user' }, { expiresAfter: 'PT1H' });
    await t.tickAt('2026-03-03T09:00:00Z');
    await verb(id, 'pause');
    t.clock.set('2026-03-04T12:00:00Z');
    await verb(id, 'resume');
    await t.tickAt();
    expect((await t.ledger(id)).slice(0, 1)).toEqual(['tokyo queued']);
    expect(await t.ledger(id)).toContain('newyork suppressed expired');
    expect((await statuses(id))[1]).toBe('2026-03-03 running');
  });
});

describe('a day long past, or beyond all plans', () => {
  it.each([
    ['localAt', { type: 'local', localAt: '1026-12-01T18:00', ifPassed: 'nextDay' }], ['localAt', { type: 'local', localAt: '2019-12-31T18:00' }],
    ['date', { type: 'bestHour', date: '1999-12-31' }], ['localAt', { type: 'local', localAt: '9999-12-31T23:59' }], ['date', { type: 'bestHour', date: '2099-12-31' }],
    ['at', { type: 'at', at: '9999-12-31T23:59:59Z' }], ['at', { type: 'at', at: '2099-12-31T00:30:00+00:15' }], ['at', { type: 'at', at: '0001-01-01T00:00:00Z' }],
  ])('is refused by name: %s', async (field, schedule) => {
    const body = { name: 'Old', channel: 'push', topic: 'promo', template: 'hello', audience: { include: ['everyone'] }, schedule };
    const answer = await t.http.post('/v1/campaigns').set(auth(t.keys.marketer)).send(body).expect(400);
    expect(JSON.stringify(answer.body)).toContain(`schedule.${field}`);
    expect(JSON.stringify(answer.body)).toMatch(/must (not be (before 2020-01-01|after 2099-12-30)|be an RFC 3339 time .*, from 2020-01-01 to 2099-12-30)/);
  });

  it('that is not refused is launched, and its messages can be read', async () => {
    await t.people({ kiritimati: 'Pacific/Kiritimati' });
    for (const schedule of [{ type: 'local', localAt: '2020-01-01T00:00' }, { type: 'bestHour', date: '2020-01-01', from: '00:00' }]) {
      const id = await t.launched(schedule);
      await t.tickAt();
      expect(await t.ledger(id)).toEqual(['kiritimati suppressed local_time_passed']);
      expect((await t.http.get(`/v1/campaigns/${id}/messages`).set(auth(t.keys.analyst)).expect(200)).body.data).toHaveLength(1);
    }
  });
});

describe('the name of a duplicate', () => {
  it.each([['n'.repeat(192) + '😀😀', 'n'.repeat(192) + '😀 (copy)'], ['😀'.repeat(200), `${'😀'.repeat(193)} (copy)`], ['Short', 'Short (copy)']])(
    'is cut between characters: %s', async (name, expected) => {
      const id = await createCampaign(t, { name });
      const copy = await t.http.post(`/v1/campaigns/${id}/duplicate`).set(auth(t.keys.marketer)).expect(201);
      expect(copy.body.name).toBe(expected);
      await t.http.patch(`/v1/campaigns/${copy.body.id}`).set(auth(t.keys.marketer)).send({ tags: ['x'] }).expect(200);
    });
});
