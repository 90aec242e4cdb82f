import { SENDERS, type Senders } from '../../src/delivery/senders.js';
import { createCampaign, launch, prepareCatalogue } from '../factories/campaigns.js';
import { insertReachableUsers } from '../factories/people.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

const BUCKET = 16_384;

describe('the order in which chunks go out', () => {
  let t: TestApp;
  /** Campaign of each message, in the order of its request. */
  const order: string[] = [];
  beforeEach(async () => {
    t = await startTestApp({ env: { SEND_CONCURRENCY: '2' } });
    await prepareCatalogue(t);
    order.length = 0;
    const { push } = t.app.get<Senders>(SENDERS);
    push.send = async ({ campaignId }) => {
      order.push(campaignId);
      return { kind: 'accepted' };
    };
  });
  afterEach(() => t?.close());

  it('puts a transactional send before everything that a big campaign has waiting', async () => {
    await insertReachableUsers(t.db, 1_500, 'u', t.clock.now());
    const big = await createCampaign(t, {});
    await launch(t, big);
    await t.loop('planner');
    const reset = await createCampaign(t, { class: 'transactional', topic: undefined });
    await launch(t, reset);
    await t.loop('transactional-planner');
    await t.loop('sender');
    expect(order).toHaveLength(3_000);
    // Where the last transactional chunk is under way, the places beside it may take up one of the big one's.
    expect(order.slice(0, order.lastIndexOf(reset) + 1).filter((id) => id === big).length).toBeLessThanOrEqual(500);
  });

  it('decides a transactional wave at once, and leaves the big campaign’s other buckets to the long round', async () => {
    await insertReachableUsers(t.db, 10, 'first', t.clock.now());
    await t.db.raw(`select setval('user_id_seq', $1::bigint)`, [BUCKET + 10]);
    await insertReachableUsers(t.db, 10, 'second', t.clock.now());
    await t.http.post('/v1/segments').set(auth(t.keys.marketer)).send({ key: 'few', name: 'Few', static: true }).expect(201);
    await t.http.post('/v1/segments/few/members').set(auth(t.keys.marketer)).send({ add: ['second-1', 'second-2'] }).expect(200);
    const big = await createCampaign(t, {});
    await launch(t, big);
    const reset = await createCampaign(t, { class: 'transactional', topic: undefined, audience: { include: ['few'], exclude: [] } });
    await launch(t, reset);
    await t.loop('transactional-planner');
    await t.loop('sender');
    expect(order.filter((id) => id === reset)).toHaveLength(2);
    expect(await t.db.raw('select from deliveries where user_id < $1', [BUCKET])).toHaveLength(0);
    await t.loop('planner');
    await t.loop('sender');
    expect(order.filter((id) => id === big)).toHaveLength(20);
  });

  it('gives each of two campaigns of a class a place, however much the older one has waiting', async () => {
    await insertReachableUsers(t.db, 3_000, 'u', t.clock.now());
    const first = await createCampaign(t, {});
    const second = await createCampaign(t, {});
    for (const id of [first, second]) await launch(t, id);
    await t.loop('planner');
    await t.loop('sender');
    expect(order).toHaveLength(6_000);
    const half = order.slice(0, 3_000).filter((id) => id === first).length;
    expect(half).toBeGreaterThanOrEqual(1_000);
    expect(half).toBeLessThanOrEqual(2_000);
  });
});
