import { createCampaign, launch, putPolicy } from '../factories/campaigns.js';
import { insertReachableUsers } from '../factories/people.js';
import { World } from '../crash/world.js';

const BUCKET = 16_384;
const USERS = 10;
const DAY = { key: 'day', channel: 'push', limit: 1, window: { type: 'rolling', duration: 'PT24H' } };

describe('a planner’s process that is stopped (SIGSTOP) inside its transaction', () => {
  let world: World;
  afterEach(() => world?.close());

  it('delays its bucket by at most 6 s and no other, and sends nothing twice when it goes on', async () => {
    world = await World.start({ users: USERS });
    await putPolicy(world.api, { caps: [DAY] });
    const { db } = world.api;
    const decided = async (bucket: number): Promise<number> =>
      (await db.raw('select from deliveries where user_id >= $1 and user_id < $2', [bucket * BUCKET, (bucket + 1) * BUCKET])).length;
    // The one that is to go on waits, so that the other is the one that finds the work.
    const healthy = await world.worker();
    healthy.kill('SIGSTOP');
    const stopped = await world.worker({ FAILPOINT: 'committing/mark-wave-bucket:1:stop' });
    await launch(world.api, await createCampaign(world.api, {}));
    await stopped.waitForLine(/failpoint .* stop/, 15_000);
    const began = performance.now();
    const held = await db.raw<{ state: string }>(
      `select a.state from pg_locks as l join pg_stat_activity as a on a.pid = l.pid
       where l.locktype = 'advisory' and l.classid = 7205 and l.database = (select oid from pg_database where datname = current_database())`);
    expect(held).toEqual([{ state: 'idle in transaction' }]);
    await db.raw(`select setval('user_id_seq', $1)`, [BUCKET]);
    await insertReachableUsers(db, USERS, 'v', new Date());
    healthy.kill('SIGCONT');

    await world.until('the other bucket decided', 4_000, async () => (await decided(1)) === USERS);
    // Not merely soon: while the lock was still held.
    expect(await decided(0)).toBe(0);
    await world.until('its own bucket decided', 10_000, async () => (await decided(0)) === USERS);
    expect(performance.now() - began).toBeLessThan(6_000);

    stopped.kill('SIGCONT');
    await world.drained();
    await Promise.all([stopped.leave(), healthy.leave()]);
    const history = await world.history();
    expect(history.violations(2 * USERS, { limit: 1, windowMs: 24 * 3_600_000 })).toEqual([]);
    expect(history.count('sent')).toBe(2 * USERS);
  }, 90_000);
});
