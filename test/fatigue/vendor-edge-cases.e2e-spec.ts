import { createCampaign, launch, putPolicy } from '../factories/campaigns.js';
import { startGateways } from '../support/gateways.js';
import { auth, startTestApp } from '../support/test-app.js';
import { startLife, type LifeUnderTest } from './sending-life.js';

let t: LifeUnderTest;
beforeAll(async () => (t = await startLife()));
afterAll(() => t?.close());
beforeEach(async () => {
  await t.clear();
  await putPolicy(t, {});
});

const EVERY_DAY = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const cap = (changes: object = {}) => ({ key: 'cap', channel: 'push', limit: 1, window: { type: 'rolling', duration: 'PT24H' }, ...changes });
const quiet = (start: string, end: string, days = EVERY_DAY) => ({ quietHours: [{ channel: 'push', start, end, days }] });
const fatigue = async (userId: string) => (await t.http.get(`/v1/users/${userId}/fatigue`).set(auth(t.keys.marketer)).expect(200)).body;
const patch = (id: string, body: object) => t.http.patch(`/v1/campaigns/${id}`).set(auth(t.keys.marketer)).send(body).expect(200);
const verb = (id: string, name: string) => t.http.post(`/v1/campaigns/${id}/${name}`).set(auth(t.keys.marketer)).send({}).expect(200);

describe('a message at 23:59 and one at 00:00', () => {
  const pair = async (window: object): Promise<string[]> => {
    await t.people({ ada: 'Europe/Berlin' });
    await putPolicy(t, { caps: [cap({ window })] });
    t.clock.set('2026-03-02T22:59:00Z');
    const late = await t.offer('ada');
    t.clock.set('2026-03-02T23:00:00Z');
    return [late, await t.offer('ada')];
  };

  it('are of two days under a cap by the calendar day of the user’s zone', async () => {
    expect(await pair({ type: 'calendar', unit: 'day', timezone: 'user' })).toEqual(['sent', 'sent']);
  });

  it('are of one window under a cap over 24 hours', async () => {
    expect(await pair({ type: 'rolling', duration: 'PT24H' })).toEqual(['sent', 'suppressed frequency_cap']);
  });

  it('are of one day under a calendar in another zone', async () => {
    expect(await pair({ type: 'calendar', unit: 'day', timezone: 'UTC' })).toEqual(['sent', 'suppressed frequency_cap']);
  });
});

describe('quiet hours', () => {
  it('hold by the default zone for somebody whose zone is unknown', async () => {
    await t.people({ nowhere: null });
    await putPolicy(t, quiet('22:00', '08:00'));
    t.clock.set('2026-03-02T22:30:00Z');
    expect(await t.offer('nowhere')).toBe('suppressed quiet_hours');
  });

  it('hold by the new zone of somebody who travels between the decision and the request', async () => {
    await t.people({ ada: 'Europe/Berlin' });
    await putPolicy(t, quiet('15:00', '16:00'));
    await t.launched({ type: 'now' }, { onFatigue: 'defer' });
    await t.tickAt();
    expect(await t.rows('ada')).toEqual(['queued']);
    await t.http.post('/v1/users/batch').set(auth(t.keys.ingest)).send({ users: [{ userId: 'ada', timezone: 'Europe/Istanbul' }] }).expect(200);
    await t.loop('sender');
    expect(await t.rows('ada')).toEqual(['deferred quiet_hours until 2026-03-02T13:00:00Z']);
    await t.live('2026-03-02T13:00:00Z');
    expect(await t.rows('ada')).toEqual(['sent']);
  });

  it('over midnight belong to the day on which they begin', async () => {
    await t.people({ ada: 'UTC' });
    await putPolicy(t, quiet('22:00', '08:00', ['mon']));
    const offers: string[] = [];
    for (const instant of ['2026-03-02T07:00:00Z', '2026-03-02T22:00:00Z', '2026-03-03T07:59:59Z', '2026-03-03T08:00:00Z', '2026-03-03T22:30:00Z']) {
      t.clock.set(instant);
      offers.push(await t.offer('ada'));
    }
    expect(offers).toEqual(['sent', 'suppressed quiet_hours', 'suppressed quiet_hours', 'sent', 'sent']);
  });

  it('that end at the instant at which a cap frees and the campaign expires leave just that instant', async () => {
    await t.people({ ada: 'UTC' });
    await putPolicy(t, { caps: [cap()], ...quiet('22:00', '08:00') });
    t.clock.set('2026-03-02T08:00:00Z');
    expect(await t.offer('ada')).toBe('sent');
    t.clock.set('2026-03-03T07:00:00Z');
    expect(await t.offer('ada', { onFatigue: 'defer', expiresAfter: 'PT1H' })).toBe('deferred quiet_hours until 2026-03-03T08:00:00Z');
    await t.live('2026-03-03T08:00:00Z');
    expect((await t.rows('ada')).at(-1)).toBe('sent');
  });

  it('over the best hour move it to the nearest one that is allowed', async () => {
    await t.people({ ada: 'UTC' });
    await putPolicy(t, quiet('08:00', '11:00'));
    await t.launched({ type: 'bestHour', date: '2026-03-03', from: '08:00', to: '12:00' });
    for (const hour of ['08', '09', '10']) await t.live(`2026-03-03T${hour}:00:00Z`);
    expect(await t.rows('ada')).toEqual([]);
    await t.live('2026-03-03T11:00:00Z');
    expect(await t.rows('ada')).toEqual(['sent']);
  });
});

describe('what counts', () => {
  it('a message counts once, however many devices it goes to', async () => {
    await t.people({ ada: null });
    await t.db.raw(`insert into devices (token_hash, token, user_id, platform, last_seen_at)
      select sha256(n::text::bytea), 'more-' || n, id, 'android', '2027-01-01' from users, generate_series(1, 3) as n`);
    await putPolicy(t, { caps: [cap({ limit: 2 })] });
    expect(await t.offer('ada')).toBe('sent');
    expect((await fatigue('ada')).caps[0]).toMatchObject({ used: 1, remaining: 1 });
  });

  it('once in each rule that concerns it, and in none besides', async () => {
    await t.people({ ada: null });
    await putPolicy(t, { caps: [cap({ key: 'push', limit: 5 }), cap({ key: 'any', channel: 'any', limit: 5 }), cap({ key: 'promo', topic: 'promo', limit: 5 }),
      cap({ key: 'news', topic: 'news', limit: 5 }), cap({ key: 'mail', channel: 'email', limit: 5 })] });
    await t.offer('ada');
    expect((await fatigue('ada')).caps.map(({ key, used }: { key: string; used: number }) => [key, used])).toEqual(
      [['push', 1], ['any', 1], ['promo', 1], ['news', 0], ['mail', 0]]);
  });

  it('tests and transactional messages are neither capped nor counted', async () => {
    await t.people({ ada: null });
    await putPolicy(t, { caps: [cap()] });
    const id = await createCampaign(t, {});
    const test = async (): Promise<number> => {
      await t.http.post(`/v1/campaigns/${id}/test`).set(auth(t.keys.marketer)).send({ userIds: ['ada'] }).expect(200);
      await t.loop('sender');
      return (await t.db.raw(`select from deliveries where campaign_id = $1 and state = 'sent'`, [id])).length;
    };
    expect(await test()).toBe(1);
    expect(await t.offer('ada', { class: 'transactional' })).toBe('sent');
    expect(await t.offer('ada')).toBe('sent');
    expect(await t.offer('ada', { class: 'transactional' })).toBe('sent');
    expect(await test()).toBe(2);
    expect(await t.offer('ada')).toBe('suppressed frequency_cap');
  });

  it('a campaign that ignores the caps is not held back by them, and counts in them', async () => {
    await t.people({ ada: null });
    await putPolicy(t, { caps: [cap({ limit: 2 })] });
    expect(await t.offer('ada', { ignoreCaps: true })).toBe('sent');
    expect(await t.offer('ada')).toBe('sent');
    expect(await t.offer('ada')).toBe('suppressed frequency_cap');
    expect(await t.offer('ada', { ignoreCaps: true })).toBe('sent');
  });

  it('what failed gives its slot back; what may have been sent keeps it and is never sent again', async () => {
    const gateways = await startGateways();
    const app = await startTestApp({ databaseUrl: t.databaseUrl, clock: t.clock, env: { FCM_PROJECT_ID: 'demo-edge', FCM_ENDPOINT: gateways.fcmUrl } });
    try {
      await t.people({ refused: null, doubtful: null });
      await putPolicy(t, { caps: [cap()] });
      await gateways.behave({ address: 'refused', behaviour: '400', times: 1 });
      await gateways.behave({ address: 'doubtful', behaviour: 'garbage', times: 1 });
      const round = async (): Promise<string[]> => {
        await launch(app, await createCampaign(app, {}));
        await app.loop('planner');
        for (let i = 0; i < 3; i++) await app.loop('sender');
        return [...(await t.rows('refused')).slice(-1), ...(await t.rows('doubtful')).slice(-1)];
      };
      expect(await round()).toEqual(['failed provider_rejected', 'unknown']);
      expect(await round()).toEqual(['sent', 'suppressed frequency_cap']);
      expect((await gateways.count('push', 'doubtful')).requests).toBe(1);
    } finally {
      await app.close();
      await gateways.stop();
    }
  });
});

describe('an edit', () => {
  it('of a campaign’s topic leaves what was sent under the old one', async () => {
    await t.people({ ada: 'UTC' });
    await putPolicy(t, { caps: [cap({ topic: 'promo', window: { type: 'rolling', duration: 'P7D' } })] });
    const id = await t.launched({ type: 'recurring', cron: '0 9 * * *', timezone: 'UTC' });
    await t.live('2026-03-03T09:00:00Z');
    await verb(id, 'pause');
    await patch(id, { topic: 'news' });
    await verb(id, 'resume');
    expect(await t.offer('ada')).toBe('suppressed frequency_cap');
    await t.live('2026-03-04T09:00:00Z');
    expect((await t.rows('ada')).slice(0, 2)).toEqual(['sent', 'sent']);
  });

  it('of a cap in the middle of a campaign holds from then on, and what was decided keeps its version', async () => {
    await t.people({ ada: 'UTC' });
    await putPolicy(t, { caps: [cap({ limit: 3 })] });
    const id = await t.launched({ type: 'recurring', cron: '0 * * * *', timezone: 'UTC' });
    for (const hour of ['13', '14']) await t.live(`2026-03-02T${hour}:00:00Z`);
    const { policyVersion } = (await t.http.get(`/v1/campaigns/${id}/explain?userId=ada`).set(auth(t.keys.marketer)).expect(200)).body;
    await putPolicy(t, { caps: [cap({ limit: 2 })] });
    await t.live('2026-03-02T15:00:00Z');
    expect(await t.rows('ada')).toEqual(['sent', 'sent', 'suppressed frequency_cap']);
    const versions = await t.db.raw<{ v: number }>('select policy_version as v from deliveries order by due_at');
    expect(versions.map(({ v }) => v)).toEqual([policyVersion, policyVersion, policyVersion + 1]);
  });

  it('that makes a rule stricter than what a user already got holds them back, and one that loosens it finds the counts as they were', async () => {
    await t.people({ ada: 'UTC' });
    for (let i = 0; i < 3; i++) expect(await t.offer('ada')).toBe('sent');
    await putPolicy(t, { caps: [cap({ limit: 1 })] });
    expect((await fatigue('ada')).caps[0]).toMatchObject({ limit: 1, used: 3, remaining: 0, freeAt: '2026-03-03T12:00:00.000Z' });
    expect(await t.offer('ada')).toBe('suppressed frequency_cap');
    await putPolicy(t, { caps: [cap({ limit: 4 })] });
    expect([await t.offer('ada'), await t.offer('ada')]).toEqual(['sent', 'suppressed frequency_cap']);
  });
});

it('of two campaigns of one priority at one instant for one slot the older wins, whichever was launched first', async () => {
  await t.people({ ada: null });
  await putPolicy(t, { caps: [cap()] });
  const [older, younger] = [await createCampaign(t, {}), await createCampaign(t, {})];
  for (const id of [younger, older]) await launch(t, id);
  await t.live();
  expect(await t.rows('ada')).toEqual(['sent', 'suppressed outranked']);
});
