import Bull from 'bull';
import { redisOptions } from '../../src/platform/queue/index.js';
import { createCampaign, launch } from '../factories/campaigns.js';
import { insertReachableUsers } from '../factories/people.js';
import { faults } from './counts.js';
import { dieAt, healed } from './deaths.js';
import { World } from './world.js';

/** A batch is the users of 16,384 consecutive ids: with every 820th id taken, 200 users are ten batches. */
const BATCHES = 10;
const ID_STEP = 820;
const USERS = 200;
/** How often each boundary is died at. */
const ROUNDS = faults(1, 10);

describe('kill -9 of a planner at every batch boundary of a run of ten batches', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start({ users: 0 });
    await world.api.db.raw(`alter sequence user_id_seq increment by ${ID_STEP}`);
    await insertReachableUsers(world.api.db, USERS, 'u', new Date());
    // No bell: the planner decides batch after batch by itself, so that the n-th passing is the end of the n-th batch.
    const planning = new Bull('planning', { redis: redisOptions(world.redis.url), prefix: 'rapport' });
    await planning.pause();
    await planning.close();
  });
  afterAll(() => world?.close());

  /** How many batches of the campaign are decided, of how many. */
  async function decided(campaignId: string): Promise<{ done: number; of: number }> {
    const [row] = await world.api.db.raw<{ done: number; of: number }>(
      `select count(b.decided_at)::integer as done, count(*)::integer as of
       from wave_buckets as b join waves as w on w.id = b.wave_id where w.campaign_id = $1`, [campaignId]);
    return row!;
  }

  it.each([
    ['decided and not committed', 'committing/mark-wave-bucket', 1],
    ['committed', 'committed/mark-wave-bucket', 0],
  ])('F3 with the batch %s: nobody twice, nobody lost', async (_, point, lost) => {
    for (let n = 0; n < ROUNDS * BATCHES; n++) {
      const batch = 1 + (n % BATCHES);
      const campaign = await createCampaign(world.api, {});
      await launch(world.api, campaign);
      await dieAt(world, point, batch);
      expect(await decided(campaign)).toEqual({ done: batch - lost, of: BATCHES });
    }
    await healed(world, USERS);
  });
});
