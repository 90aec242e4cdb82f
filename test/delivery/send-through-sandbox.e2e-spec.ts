import { auth, startTestApp, type TestApp } from '../support/test-app.js';
import { createCampaign, launch, prepareCatalogue } from '../factories/campaigns.js';
import { insertReachableUsers } from '../factories/people.js';

interface LedgerRow {
  state: string;
  reason: string | null;
  counted: boolean;
}

const ledger = (t: TestApp): Promise<LedgerRow[]> => t.db.raw<LedgerRow>(
  `select d.state, d.reason, d.counted_at is not null as counted from deliveries as d order by d.user_id`);

describe('a campaign through the sandbox', () => {
  let t: TestApp;
  beforeEach(async () => {
    t = await startTestApp();
    await prepareCatalogue(t);
    await insertReachableUsers(t.db, 250, 'u', t.clock.now());
  });
  afterEach(() => t?.close());

  it('reaches every reachable user once, in chunks that close, and completes', async () => {
    const id = await createCampaign(t, {});
    await launch(t, id);
    await t.loop('planner');
    await t.loop('sender');
    expect((await ledger(t)).filter((row) => row.state === 'sent' && row.counted)).toHaveLength(250);
    const { data } = (await t.http.get('/v1/sandbox/messages?limit=200').set(auth(t.adminKey)).expect(200)).body;
    expect(data).toHaveLength(200);
    expect(data[0].content).toMatchObject({ title: 'Hello' });
    await t.loop('reaper');
    await t.loop('campaign-scheduler');
    expect((await t.http.get(`/v1/campaigns/${id}`).set(auth(t.keys.marketer)).expect(200)).body.status).toBe('completed');
    expect(await t.db.raw('select from chunks where closed_at is null')).toEqual([]);
  });

  it('does not send to somebody who opted out after the decision', async () => {
    await launch(t, await createCampaign(t, {}));
    await t.loop('planner');
    await t.http.put('/v1/users/u-7/subscriptions').set(auth(t.keys.ingest))
      .send({ channel: 'push', topic: 'promo', state: 'unsubscribed' }).expect(200);
    await t.loop('sender');
    const rows = await ledger(t);
    expect(rows.filter((row) => row.state === 'sent')).toHaveLength(249);
    expect(rows[7]).toEqual({ state: 'suppressed', reason: 'unsubscribed', counted: false });
  });

  it('sends nothing while the engine is stopped, and everything after it started again', async () => {
    await launch(t, await createCampaign(t, {}));
    await t.loop('planner');
    await t.http.post('/v1/stop').set(auth(t.adminKey)).send({ reason: 'wrong price' }).expect(200);
    await t.loop('sender');
    expect((await ledger(t)).every((row) => row.state === 'queued')).toBe(true);
    await t.http.post('/v1/start').set(auth(t.adminKey)).send({}).expect(200);
    await t.loop('sender');
    expect((await ledger(t)).every((row) => row.state === 'sent')).toBe(true);
  });

  it('sends nothing of a paused campaign and suppresses what a cancelled one had queued', async () => {
    const id = await createCampaign(t, {});
    await launch(t, id);
    await t.loop('planner');
    await t.http.post(`/v1/campaigns/${id}/pause`).set(auth(t.keys.marketer)).send({}).expect(200);
    await t.loop('sender');
    expect((await ledger(t)).every((row) => row.state === 'queued')).toBe(true);
    await t.http.post(`/v1/campaigns/${id}/cancel`).set(auth(t.keys.marketer)).send({}).expect(200);
    await t.loop('reaper');
    expect(new Set((await ledger(t)).map((row) => `${row.state} ${row.reason} ${row.counted}`))).toEqual(new Set(['suppressed cancelled false']));
  });

  it('calls a slice unknown whose worker did not come back, keeps it counted and never sends it again', async () => {
    await launch(t, await createCampaign(t, {}));
    await t.loop('planner');
    await t.db.raw(
      `insert into slices (chunk_id, month, campaign_id, fence, first_id, last_id, size, lease_until)
       select k.id, k.month, k.campaign_id, 1, min(d.id), min(d.id) + 99, 100, clock_timestamp() - interval '1 second'
       from chunks as k join deliveries as d on d.chunk_id = k.id group by k.id`);
    await t.loop('reaper');
    await t.loop('sender');
    const states = (await ledger(t)).map((row) => `${row.state} ${row.counted}`);
    expect(states.filter((s) => s === 'unknown true')).toHaveLength(100);
    expect(states.filter((s) => s === 'sent true')).toHaveLength(150);
  });

  it('sends a test to named users at once, in a fast lane that counts nowhere', async () => {
    const id = await createCampaign(t, {});
    const answer = await t.http.post(`/v1/campaigns/${id}/test`).set(auth(t.keys.marketer)).send({ userIds: ['u-1', 'u-2'] }).expect(200);
    expect(answer.body.messages).toHaveLength(2);
    await t.loop('sender');
    expect(await ledger(t)).toEqual(Array(2).fill({ state: 'sent', reason: null, counted: false }));
    await t.http.post(`/v1/campaigns/${id}/test`).set(auth(t.keys.marketer)).send({ userIds: ['u-1', 'nobody'] })
      .expect(400).expect(({ body }) => expect(body.errors[0].path).toBe('userIds[1]'));
  });

  it('renders nobody with a hole in the text: a missing variable is a reason not to send', async () => {
    await t.http.put('/v1/templates/hello').set(auth(t.keys.marketer))
      .send({ key: 'hello', channel: 'push', defaultLocale: 'en', content: { en: { title: 'Hi {{user.attributes.name}}', body: 'News' } } }).expect(200);
    await t.db.raw(`update users set attributes = '{"name": "Ada"}' where user_id = 'u-3'`);
    await launch(t, await createCampaign(t, {}));
    await t.loop('planner');
    await t.loop('sender');
    const rows = await ledger(t);
    expect(rows.filter((row) => row.state === 'sent')).toHaveLength(1);
    expect(rows.filter((row) => row.reason === 'render_error' && !row.counted)).toHaveLength(249);
  });

  it('refuses a cursor that no page of the sandbox gave, with a 400 and not a 500', async () => {
    for (const position of ['0', '9'.repeat(18)]) {
      const cursor = Buffer.from(position).toString('base64url');
      const { body } = await t.http.get(`/v1/sandbox/messages?cursor=${cursor}`).set(auth(t.adminKey)).expect(400);
      expect(body.errors[0].path).toBe('cursor');
    }
  });
});
