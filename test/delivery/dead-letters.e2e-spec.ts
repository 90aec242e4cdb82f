import { SENDERS, type Senders } from '../../src/delivery/senders.js';
import { createCampaign, launch, prepareCatalogue, putPolicy } from '../factories/campaigns.js';
import { insertReachableUsers } from '../factories/people.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

describe('dead letters', () => {
  let t: TestApp;
  let campaign: string;
  beforeEach(async () => {
    t = await startTestApp();
    await prepareCatalogue(t);
    await insertReachableUsers(t.db, 3, 'u', t.clock.now());
    await putPolicy(t, { caps: [{ key: 'day', channel: 'push', limit: 1, window: { type: 'rolling', duration: 'PT24H' } }] });
    const { push } = t.app.get<Senders>(SENDERS);
    const send = push.send.bind(push);
    push.send = async () => ({ kind: 'refused', code: 'INTERNAL', permanent: true, addressGone: false, class: 'server' });
    campaign = await createCampaign(t, {});
    await launch(t, campaign);
    for (const loop of ['planner', 'sender', 'reaper', 'campaign-scheduler']) await t.loop(loop);
    push.send = send;
  });
  afterEach(() => t?.close());

  const list = async (): Promise<Array<{ messageId: string; userId: string; reason: string }>> => (
    (await t.http.get(`/v1/dead-letters?campaignId=${campaign}`).set(auth(t.keys.marketer)).expect(200)).body.data);
  const states = async (): Promise<string[]> => (await t.db.raw<{ s: string }>(
    `select d.state || coalesce(' ' || d.reason, '') as s from deliveries as d where d.campaign_id = $1 order by d.user_id`, [campaign])).map((row) => row.s);

  it('are listed and sent again through every gate: not to who left, not past a cap', async () => {
    const letters = await list();
    expect(letters.map(({ userId, reason }) => `${userId} ${reason}`).sort()).toEqual(['u-0 provider_rejected', 'u-1 provider_rejected', 'u-2 provider_rejected']);
    await t.http.put('/v1/users/u-0/subscriptions').set(auth(t.keys.ingest)).send({ channel: 'push', state: 'unsubscribed' }).expect(200);
    await launch(t, await createCampaign(t, { audience: { include: ['everyone'], exclude: [] }, priority: 99 }));
    await t.db.raw(`update devices set permission = 'denied' where user_id = (select id from users where user_id = 'u-2')`);
    for (const loop of ['planner', 'sender']) await t.loop(loop);
    await t.db.raw(`update devices set permission = 'granted'`);
    const answer = await t.http.post('/v1/dead-letters/replay').set(auth(t.keys.marketer))
      .send({ messageIds: [...letters.map((l) => l.messageId), 'AAAAAAAAAAAAAAAAAAAAAA'] }).expect(200);
    expect(answer.body).toMatchObject({ replayed: 3, rejected: [{ messageId: 'AAAAAAAAAAAAAAAAAAAAAA' }] });
    for (const loop of ['planner', 'sender', 'reaper', 'campaign-scheduler']) await t.loop(loop);
    expect(await states()).toEqual(['suppressed unsubscribed', 'suppressed frequency_cap', 'sent']);
    expect((await t.http.get(`/v1/campaigns/${campaign}`).set(auth(t.keys.marketer))).body.status).toBe('completed');
    expect(await list()).toEqual([]);
  });

  it('past their expiry stay what they are', async () => {
    const [letter] = await list();
    t.clock.advance({ hours: 25 });
    const answer = await t.http.post('/v1/dead-letters/replay').set(auth(t.keys.marketer)).send({ messageIds: [letter!.messageId] }).expect(200);
    expect(answer.body).toMatchObject({ replayed: 0, rejected: [{ messageId: letter!.messageId }] });
  });

  it('pause a campaign at the twentieth message that is refused for what it is', async () => {
    await insertReachableUsers(t.db, 40, 'many', t.clock.now());
    const { push } = t.app.get<Senders>(SENDERS);
    push.send = async () => ({ kind: 'refused', code: 'INVALID_ARGUMENT', permanent: true, addressGone: false, class: 'payload' });
    const bad = await createCampaign(t, { ignoreCaps: true });
    await launch(t, bad);
    for (const loop of ['planner', 'sender']) await t.loop(loop);
    const { body } = await t.http.get(`/v1/campaigns/${bad}`).set(auth(t.keys.marketer));
    expect(body).toMatchObject({ status: 'paused', statusReason: expect.stringContaining('INVALID_ARGUMENT') as string });
    expect(await t.db.raw('select from devices')).toHaveLength(43);
  });
});
