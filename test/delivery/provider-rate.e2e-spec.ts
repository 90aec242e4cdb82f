import { Redis } from 'ioredis';
import { RateLimiter } from '../../src/delivery/rate-limiter.js';
import { SharedRedis } from '../../src/platform/queue/index.js';
import { redisOptions } from '../../src/platform/queue/redis-url.js';
import { insertReachableUsers } from '../factories/people.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { testRedis } from '../support/test-redis.js';

const BLOCK = 100;
const QUOTA_PER_SECOND = 10_000;

describe('the rate of pushes, of a quota of 600,000 a minute', () => {
  let t: TestApp;
  let redis: Redis;
  let key: string;
  beforeEach(async () => {
    t = await startTestApp();
    redis = new Redis(redisOptions(testRedis().url));
    key = `${t.redisPrefix}:rate:push`;
  });
  afterEach(async () => {
    redis?.disconnect();
    await t?.close();
  });

  /** How many requests a second are given out: by the instants that the last block has over the first, not by how long asking took. */
  async function rate(): Promise<number> {
    const limiter = t.app.get(RateLimiter);
    const began = performance.now();
    let given = 0;
    for (;;) {
      const { reserved, waitMs } = await limiter.reserve(BLOCK);
      if (!reserved) return given / ((performance.now() - began + waitMs) / 1_000);
      given += BLOCK;
    }
  }

  it('begins at 2,500 a second', async () => {
    const begin = await rate();
    expect(begin).toBeGreaterThan(1_500);
    expect(begin).toBeLessThan(3_500);
  });

  it('is 80 % of the quota after a minute of sending', async () => {
    const now = Date.parse((await t.db.raw<{ now: Date }>('select clock_timestamp() as now'))[0]!.now.toISOString());
    await redis.hset(key, { free: now, since: now - 61_000 });
    const full = await rate();
    expect(full).toBeGreaterThan(0.6 * QUOTA_PER_SECOND);
    expect(full).toBeLessThan(0.9 * QUOTA_PER_SECOND);
  });

  it('begins anew after a minute without a request', async () => {
    const now = Date.parse((await t.db.raw<{ now: Date }>('select clock_timestamp() as now'))[0]!.now.toISOString());
    await redis.hset(key, { free: now - 61_000, since: now - 3_600_000 });
    expect(await rate()).toBeLessThan(3_500);
  });

  it('stays, without Redis, within the fifth that the bucket leaves of the quota', async () => {
    t.app.get(SharedRedis).run = async () => Promise.reject(new Error('Redis is away'));
    const alone = await rate();
    expect(alone).toBeGreaterThan(0.1 * QUOTA_PER_SECOND);
    expect(alone).toBeLessThan(0.25 * QUOTA_PER_SECOND);
  });
});

describe('tokens that no device has shown', () => {
  let t: TestApp;
  beforeEach(async () => void (t = await startTestApp()));
  afterEach(() => t?.close());

  it('for 270 days are removed, and not a day earlier', async () => {
    await insertReachableUsers(t.db, 2, 'u', t.clock.now());
    await t.db.raw(`update devices set last_seen_at = $1::timestamptz - case (select u.user_id from users as u where u.id = devices.user_id) when 'u-0' then interval '271 days' else interval '269 days' end`, [t.clock.now()]);
    await t.loop('expired-tokens');
    expect(await t.db.raw('select u.user_id from devices as d join users as u on u.id = d.user_id')).toEqual([{ user_id: 'u-1' }]);
  });
});
