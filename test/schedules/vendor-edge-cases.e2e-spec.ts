import { createCampaign, launch, putPolicy } from '../factories/campaigns.js';
import { paceSpacingMs } from '../../src/platform/time/index.js';
import { startLife, type LifeUnderTest } from '../fatigue/sending-life.js';
import { auth } from '../support/test-app.js';

let t: LifeUnderTest;
beforeAll(async () => (t = await startLife()));
afterAll(() => t?.close());
beforeEach(async () => {
  await t.clear();
  await putPolicy(t, {});
});

const verb = (id: string, name: string) => t.http.post(`/v1/campaigns/${id}/${name}`).set(auth(t.keys.marketer)).send({}).expect(200);
const dueAt = async (id: string) => (await t.db.raw<{ row: string }>(
  `select z || ' ' || to_char(due_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"') as row from waves, unnest(zones) as z where campaign_id = $1 order by due_at, z`, [id])).map(({ row }) => row);

describe('a local time', () => {
  it('that the clock skips moves forward by the gap', async () => {
    await t.people({ ada: 'Europe/Berlin' });
    expect(await dueAt(await t.launched({ type: 'local', localAt: '2026-03-29T02:30' }))).toEqual(['Europe/Berlin 2026-03-29T01:30Z']);
  });

  it('that the clock shows twice is the first one, once', async () => {
    await t.people({ ada: 'America/New_York' });
    const id = await t.launched({ type: 'local', localAt: '2026-11-01T01:30' });
    expect(await dueAt(id)).toEqual(['America/New_York 2026-11-01T05:30Z']);
    for (const hour of ['05', '06', '07']) await t.live(`2026-11-01T${hour}:30:00Z`);
    expect(await t.rows('ada')).toEqual(['sent']);
  });

  it('is right at +14, at −11 and at +05:45', async () => {
    await t.people({ kiritimati: 'Pacific/Kiritimati', pago: 'Pacific/Pago_Pago', kathmandu: 'Asia/Kathmandu' });
    expect(await dueAt(await t.launched({ type: 'local', localAt: '2026-03-04T09:00' }))).toEqual(
      ['Pacific/Kiritimati 2026-03-03T19:00Z', 'Asia/Kathmandu 2026-03-04T03:15Z', 'Pacific/Pago_Pago 2026-03-04T20:00Z']);
  });

  it('that had passed at launch is left out, taken the next day, or sent at once, as the campaign says', async () => {
    await t.people({ ada: 'Europe/Berlin' });
    for (const ifPassed of ['skip', 'nextDay', 'sendNow']) await t.launched({ type: 'local', localAt: '2026-03-02T12:30', ifPassed });
    await t.live();
    expect(await t.rows('ada')).toEqual(['suppressed local_time_passed', 'sent']);
    await t.live('2026-03-03T11:30:00Z');
    expect(await t.rows('ada')).toEqual(['suppressed local_time_passed', 'sent', 'sent']);
  });

  it('edited hours before it moves: no edit is ignored', async () => {
    await t.people({ ada: 'Europe/Berlin' });
    const id = await t.launched({ type: 'local', localAt: '2026-03-02T19:00' });
    await verb(id, 'pause');
    await t.http.patch(`/v1/campaigns/${id}`).set(auth(t.keys.marketer)).send({ schedule: { type: 'local', localAt: '2026-03-02T20:00' } }).expect(200);
    await verb(id, 'resume');
    expect(await dueAt(id)).toEqual(['Europe/Berlin 2026-03-02T19:00Z']);
    await t.live('2026-03-02T18:00:00Z');
    expect(await t.rows('ada')).toEqual([]);
    await t.live('2026-03-02T19:00:00Z');
    expect(await t.rows('ada')).toEqual(['sent']);
  });
});

describe('a throttle', () => {
  it('of 1,019 a minute is not rounded to whole seconds: between 980 and 1,019 go in any 60 s', () => {
    const inAMinute = Math.floor(60_000 / paceSpacingMs(1_019)) + 1;
    expect(inAMinute).toBeLessThanOrEqual(1_019);
    expect(inAMinute).toBeGreaterThan(980);
  });

  it('whose tail is past expiry reports it as expired and sends nothing late', async () => {
    await t.people(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`p${i}`, null])));
    const id = await t.launched({ type: 'now' }, { throttlePerMinute: 1, expiresAfter: 'PT20M' });
    await t.tickAt();
    t.clock.set('2026-03-02T12:20:00.001Z');
    for (const loop of ['planner', 'sender', 'reaper']) await t.loop(loop);
    expect(await t.db.raw(`select state, reason, count(*)::integer as n from deliveries where campaign_id = $1 group by 1, 2`, [id]))
      .toEqual([{ state: 'suppressed', reason: 'expired', n: 40 }]);
  });
});

describe('a campaign stopped in the middle', () => {
  const stopped = async (expiresAfter: string): Promise<string> => {
    await t.people({ ada: null, bob: null });
    const id = await t.launched({ type: 'now' }, { expiresAfter });
    await t.tickAt();
    await verb(id, 'pause');
    await t.loop('sender');
    expect([...await t.rows('ada'), ...await t.rows('bob')]).toEqual(['queued', 'queued']);
    return id;
  };

  it('sends nothing further, and on resume what has not expired', async () => {
    const id = await stopped('PT1H');
    t.clock.advance({ minutes: 10 });
    await verb(id, 'resume');
    await t.live();
    expect([...await t.rows('ada'), ...await t.rows('bob')]).toEqual(['sent', 'sent']);
  });

  it('on resume says expired of what has, and sends none of it', async () => {
    const id = await stopped('PT10M');
    t.clock.advance({ hours: 1 });
    await verb(id, 'resume');
    await t.live();
    await t.loop('reaper');
    expect([...await t.rows('ada'), ...await t.rows('bob')]).toEqual(['suppressed expired', 'suppressed expired']);
  });
});

describe('a recurrence', () => {
  it('on the 31st skips the months that have none, and is not moved into the next', async () => {
    await t.people({ ada: 'UTC' });
    const id = await t.launched({ type: 'recurring', cron: '0 9 31 * *', timezone: 'UTC' });
    await t.live('2026-03-31T09:00:00Z');
    await t.live('2026-05-01T09:00:00Z');
    expect((await t.runs(id)).map(({ scheduledFor }) => scheduledFor.slice(0, 10))).toEqual(['2026-03-31', '2026-05-31']);
  });

  it('with a reentry of one day comes every day, although yesterday’s left late', async () => {
    await t.people({ ada: 'UTC' });
    await t.launched({ type: 'recurring', cron: '0 8 * * *', timezone: 'UTC', reentry: 'P1D' });
    await t.live('2026-03-03T08:30:00Z');
    await t.live('2026-03-04T08:00:00Z');
    expect(await t.rows('ada')).toEqual(['sent', 'sent']);
  });
});

describe('between the decision and the request', () => {
  const decided = async (): Promise<void> => {
    await t.people({ ada: null, bob: null });
    await t.http.post('/v1/segments').set(auth(t.keys.marketer)).send({ key: 'only-ada', name: 'Ada', static: true }).expect(201);
    await t.http.post('/v1/segments/only-ada/members').set(auth(t.keys.marketer)).send({ add: ['ada'] }).expect(200);
    await launch(t, await createCampaign(t, { audience: { include: ['only-ada'], exclude: [] } }));
    await t.tickAt();
    expect(await t.rows('ada')).toEqual(['queued']);
  };
  const sandbox = async () => (await t.http.get('/v1/sandbox/messages').set(auth(t.adminKey)).expect(200)).body.data.length as number;

  it('a token that moves to another user takes no message along', async () => {
    await decided();
    const before = await sandbox();
    await t.db.raw(`update devices set user_id = (select id from users where user_id = 'bob') where token = 'ada'`);
    await t.loop('sender');
    expect(await t.rows('ada')).toEqual(['suppressed no_device']);
    expect([await t.rows('bob'), await sandbox()]).toEqual([[], before]);
  });

  it('a permission that is withdrawn wins', async () => {
    await decided();
    await t.db.raw(`update devices set permission = 'denied' where token = 'ada'`);
    await t.loop('sender');
    expect(await t.rows('ada')).toEqual(['suppressed permission_denied']);
  });

  it('an opt-out wins', async () => {
    await decided();
    await t.http.put('/v1/users/ada/subscriptions').set(auth(t.keys.ingest)).send({ channel: 'push', state: 'unsubscribed' }).expect(200);
    await t.loop('sender');
    expect(await t.rows('ada')).toEqual(['suppressed unsubscribed']);
  });

});
