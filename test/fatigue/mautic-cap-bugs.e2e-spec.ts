import { createCampaign, launch, putPolicy } from '../factories/campaigns.js';
import { startGateways } from '../support/gateways.js';
import { auth, startTestApp } from '../support/test-app.js';
import { startLife, type LifeUnderTest } from './sending-life.js';

let t: LifeUnderTest;
beforeAll(async () => (t = await startLife()));
afterAll(() => t?.close());
beforeEach(async () => {
  await t.clear();
  await t.people({ ada: 'Europe/Berlin' });
  await t.addresses();
});

const cap = (changes: object) => ({ key: 'cap', channel: 'push', limit: 1, window: { type: 'rolling', duration: 'PT24H' }, ...changes });
const rolling = (duration: string) => ({ type: 'rolling', duration });

describe('the seven gaps of Mautic’s frequency rules are none here', () => {
  it('1 a count for each channel: a cap holds across channels, one for a topic, and a gap between any two messages', async () => {
    await putPolicy(t, { caps: [cap({ channel: 'any' })] });
    expect(await t.offer('ada', t.mail)).toBe('sent');
    expect(await t.offer('ada')).toBe('suppressed frequency_cap');
    t.clock.advance({ days: 2 });
    await putPolicy(t, { caps: [cap({ channel: 'any', topic: 'news' })], minimumGap: [{ channel: 'any', duration: 'PT1H' }] });
    expect(await t.offer('ada', { topic: 'news' })).toBe('sent');
    expect(await t.offer('ada', t.mail)).toBe('suppressed minimum_gap');
    t.clock.advance({ hours: 1 });
    expect(await t.offer('ada', { ...t.mail, topic: 'news' })).toBe('suppressed frequency_cap');
    expect(await t.offer('ada', t.mail)).toBe('sent');
  });

  it('2 push never asked: a cap on push holds push back', async () => {
    await putPolicy(t, { caps: [cap({})] });
    expect([await t.offer('ada'), await t.offer('ada')]).toEqual(['sent', 'suppressed frequency_cap']);
  });

  it('3 windows of a day, week or month only: a window is as long as it says', async () => {
    await putPolicy(t, { caps: [cap({ window: rolling('PT90M') })] });
    expect(await t.offer('ada')).toBe('sent');
    t.clock.advance({ minutes: 89 });
    expect(await t.offer('ada')).toBe('suppressed frequency_cap');
    t.clock.advance({ minutes: 1 });
    expect(await t.offer('ada')).toBe('sent');
  });

  it('4 deferred by a whole window from now: it waits until the oldest message leaves the window, and not longer', async () => {
    await putPolicy(t, { caps: [cap({ limit: 3, window: rolling('P30D') })] });
    for (const day of ['02', '28', '30']) {
      t.clock.set(`2026-03-${day}T12:00:00Z`);
      expect(await t.offer('ada')).toBe('sent');
    }
    t.clock.set('2026-03-31T12:00:00Z');
    expect(await t.offer('ada', { onFatigue: 'defer', expiresAfter: 'P7D' })).toBe('deferred frequency_cap until 2026-04-01T12:00:00Z');
    await t.live('2026-04-01T11:59:59Z');
    expect((await t.rows('ada')).at(-1)).toContain('deferred');
    await t.live('2026-04-01T12:00:00Z');
    expect((await t.rows('ada')).at(-1)).toBe('sent');
  });

  it('5 counted, then sent, without a lock: two senders that both see the last slot do not both take it', async () => {
    await putPolicy(t, { caps: [cap({})] });
    const other = await startTestApp({ databaseUrl: t.databaseUrl, clock: t.clock });
    try {
      await t.people(Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`p${i}`, null])));
      for (let i = 0; i < 4; i++) await t.launched({ type: 'now' }, { priority: i });
      await Promise.all([t, other, t, other].map((app) => app.loop('planner')));
      const taken = await t.db.raw<{ n: number }>(`select count(*)::integer as n from deliveries where state = 'queued' group by user_id`);
      expect(taken).toEqual(Array.from({ length: 51 }, () => ({ n: 1 })));
    } finally {
      await other.close();
    }
  });

  it('6 the second capped message of a campaign dropped without a trace: each occurrence has a row of its own and is sent', async () => {
    await putPolicy(t, { caps: [cap({ window: rolling('PT30H') })] });
    const id = await t.launched({ type: 'recurring', cron: '0 9 * * *', timezone: 'UTC' }, { onFatigue: 'defer', expiresAfter: 'P3D' });
    await t.live('2026-03-03T09:00:00Z');
    await t.live('2026-03-04T09:00:00Z');
    expect(await t.rows('ada')).toEqual(['sent', 'deferred frequency_cap until 2026-03-04T15:00:00Z']);
    await t.live('2026-03-04T15:00:00Z');
    expect(await t.rows('ada')).toEqual(['sent', 'sent']);
    expect((await t.http.get(`/v1/campaigns/${id}/results`).set(auth(t.keys.analyst)).expect(200)).body.sent).toBe(2);
  });

  it('7 transactional messages counted: they take nobody’s slot', async () => {
    await putPolicy(t, { caps: [cap({})] });
    for (let i = 0; i < 3; i++) expect(await t.offer('ada', { class: 'transactional' })).toBe('sent');
    expect(await t.offer('ada')).toBe('sent');
  });
});

describe('what Mautic had to mend does not break here', () => {
  it('the cap was not applied to campaign mail: it holds mail of every schedule back', async () => {
    await putPolicy(t, { caps: [cap({ channel: 'email' })] });
    expect(await t.offer('ada', t.mail)).toBe('sent');
    await t.launched({ type: 'triggered', event: 'signup', reentry: 'always' }, t.mail);
    await t.launched({ type: 'at', at: '2026-03-02T13:00:00Z' }, t.mail);
    await t.launched({ type: 'recurring', cron: '0 13 * * *', timezone: 'UTC' }, t.mail);
    await t.launched({ type: 'local', localAt: '2026-03-02T14:00' }, t.mail);
    await t.event('ada', 'signup');
    await t.live('2026-03-02T13:00:00Z');
    expect(await t.rows('ada')).toEqual(['sent', ...Array.from({ length: 4 }, () => 'suppressed frequency_cap')]);
  });

  it('the mended cap held transactional mail back: it never does', async () => {
    await putPolicy(t, { caps: [cap({ channel: 'any' })] });
    expect(await t.offer('ada', t.mail)).toBe('sent');
    expect(await t.offer('ada', { ...t.mail, class: 'transactional' })).toBe('sent');
    expect(await t.offer('ada', t.mail)).toBe('suppressed frequency_cap');
  });

  it('a cap of 3 a week deferred by three weeks: it frees within the week', async () => {
    await putPolicy(t, { caps: [cap({ limit: 3, window: rolling('P7D') })] });
    for (let i = 0; i < 3; i++) expect(await t.offer('ada')).toBe('sent');
    expect(await t.offer('ada', { onFatigue: 'defer', expiresAfter: 'P10D' })).toBe('deferred frequency_cap until 2026-03-09T12:00:00Z');
  });

  it('0 meant unlimited and was taken for a limit: 0 is refused by its name, and no cap holds nobody back', async () => {
    const refused = await t.http.put('/v1/fatigue-policy').set(auth(t.adminKey)).send({ caps: [cap({ limit: 0 })] }).expect(400);
    expect(refused.body.errors).toEqual([expect.objectContaining({ path: 'caps[0].limit' })]);
    await putPolicy(t, { caps: [] });
    for (let i = 0; i < 5; i++) expect(await t.offer('ada')).toBe('sent');
  });

  it('a fault in a batch had what was sent already sent again: each gets one request, whatever becomes of the others', async () => {
    const gateways = await startGateways();
    const app = await startTestApp({ databaseUrl: t.databaseUrl, clock: t.clock, env: { FCM_PROJECT_ID: 'demo-batch', FCM_ENDPOINT: gateways.fcmUrl } });
    try {
      await putPolicy(t, {});
      await t.people({ bob: null, eve: null, joe: null });
      await gateways.behave({ address: 'bob', behaviour: 'garbage' });
      await gateways.behave({ address: 'eve', behaviour: '404' });
      await launch(app, await createCampaign(app, {}));
      await app.loop('planner');
      for (let i = 0; i < 4; i++) {
        await app.loop('sender');
        await app.loop('reaper');
        t.clock.advance({ minutes: 5 });
      }
      const requests = await Promise.all(['ada', 'bob', 'eve', 'joe'].map(async (address) => (await gateways.count('push', address)).requests));
      expect(requests).toEqual([1, 1, 1, 1]);
      const states = await t.db.raw<{ row: string }>(`select u.user_id || ' ' || d.state as row from deliveries d join users u on u.id = d.user_id order by 1`);
      expect(states.map(({ row }) => row)).toEqual(['ada sent', 'bob unknown', 'eve failed', 'joe sent']);
    } finally {
      await app.close();
      await gateways.stop();
    }
  });
});
