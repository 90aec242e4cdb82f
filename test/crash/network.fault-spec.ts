import { setTimeout as rest } from 'node:timers/promises';
import { createCampaign, launch, putPolicy } from '../factories/campaigns.js';
import { SocketProxy } from '../support/socket-proxy.js';
import { faults } from './counts.js';
import { IN_FLIGHT, World, type WorldOptions } from './world.js';

const USERS = 400;
const LEASE_MS = 1_500;

/** What a network does to the connections there are; after `ms` it is whole again. */
const TROUBLES: [name: string, trouble: (proxy: SocketProxy) => void, ms: number][] = [
  ['is cut', (proxy) => proxy.cut(), 0],
  ['loses the answers', (proxy) => proxy.loseAnswers(), 300],
  ['half-closes', (proxy) => proxy.halfClose(), 300],
  ['stands still for two leases', (proxy) => proxy.standStill(), 2 * LEASE_MS],
  ['refuses', (proxy) => proxy.refuse(), 700],
  ['is slow', (proxy) => void (proxy.latencyMs = 150), 700],
];
const ROUNDS = faults(1, 8);
const CAMPAIGNS = ROUNDS * TROUBLES.length;

describe('the network between a worker and', () => {
  let world: World;
  let proxy: SocketProxy;
  afterEach(async () => {
    await world?.close();
    await proxy?.close();
  });

  /** Launches a campaign for each trouble, so that something is under way whenever one strikes. */
  async function troubled(env: (url: string) => Record<string, string>, options: Partial<WorldOptions> = {}): Promise<void> {
    await world.worker(env(`127.0.0.1:${proxy.port}`));
    await putPolicy(world.api, { caps: [{ key: 'day', channel: 'push', limit: CAMPAIGNS - 1, window: { type: 'rolling', duration: 'PT24H' } }] });
    for (let i = 0; i < CAMPAIGNS; i++) {
      const [, trouble, ms] = TROUBLES[i % TROUBLES.length]!;
      const before = await world.accepts();
      await launch(world.api, await createCampaign(world.api, { priority: i % 100 }));
      await world.until('sending', 30_000, async () => (await world.accepts()) > before || i === CAMPAIGNS - 1);
      trouble(proxy);
      world.faults++;
      await rest(ms);
      proxy.heal();
    }
    expect(await world.drained()).toBeLessThan(options.longLeases ? 60_000 : 30_000);
    expect(world.workers.size).toBe(1);
    const history = await world.history();
    expect(history.violations(USERS, { limit: CAMPAIGNS - 1, windowMs: 24 * 3_600_000 })).toEqual([]);
    expect(history.count('unknown')).toBeLessThanOrEqual(world.faults * IN_FLIGHT);
    expect(history.count('sent') + history.count('unknown')).toBe(USERS * (CAMPAIGNS - 1));
  }

  it('the provider is cut, late, deaf or gone: nobody twice, in doubt only what was on the way, and it goes on', async () => {
    world = await World.start({ users: USERS, gateway: { latencyMs: 60 } });
    proxy = await SocketProxy.to({ host: '127.0.0.1', port: Number(new URL(world.gateways.fcmUrl).port) });
    await troubled((address) => ({ FCM_ENDPOINT: `http://${address}` }));
    expect((await world.history()).count('unknown')).toBeGreaterThan(0);
  });

  it('Postgres is cut, late, deaf or gone: no process dies, nobody twice, nobody lost, and it goes on', async () => {
    world = await World.start({ users: USERS, gateway: { latencyMs: 60 } });
    const { pathname, searchParams, username } = new URL(world.api.databaseUrl.replace('@/', '@host/'));
    proxy = await SocketProxy.to({ path: `${searchParams.get('host')}/.s.PGSQL.${searchParams.get('port')}` });
    await troubled((address) => ({ DATABASE_URL: `postgres://${username}@${address}${pathname}` }));
  });

  it('Redis is cut, late, deaf or gone: nothing is in doubt, and it goes on', async () => {
    world = await World.start({ users: USERS, gateway: { latencyMs: 60 }, longLeases: true });
    proxy = await SocketProxy.to({ path: new URL(world.redis.url).pathname });
    await troubled((address) => ({ REDIS_URL: `redis://${address}` }), { longLeases: true });
    expect((await world.history()).count('unknown')).toBe(0);
  });
});
