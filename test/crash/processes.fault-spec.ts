import { setTimeout as rest } from 'node:timers/promises';
import Bull from 'bull';
import { redisOptions } from '../../src/platform/queue/index.js';
import { createCampaign, launch, putPolicy } from '../factories/campaigns.js';
import { auth } from '../support/test-app.js';
import type { TestProcess } from '../support/processes.js';
import { faults } from './counts.js';
import { World, type WorldOptions } from './world.js';

const IN_FLIGHT = 500;
const CAP = { limit: 2, windowMs: 24 * 3_600_000 };

describe('worker processes that die, stop, or are asked to go', () => {
  let world: World;
  afterEach(() => world?.close());

  /** Three campaigns to everybody under a cap of two a day, in a world whose provider answers after 30 ms. */
  async function busyWorld(users: number, options: Partial<WorldOptions> = {}): Promise<World> {
    world = await World.start({ users, gateway: { latencyMs: 30 }, ...options });
    await putPolicy(world.api, { caps: [{ key: 'day', channel: 'push', limit: CAP.limit, window: { type: 'rolling', duration: 'PT24H' } }] });
    for (let i = 0; i < 3; i++) await launch(world.api, await createCampaign(world.api, { priority: i }));
    return world;
  }

  it('F8 one of three workers dies every second or so: nobody twice, nobody lost, no cap passed', async () => {
    const users = faults(3_000, 30_000);
    await busyWorld(users);
    let crew = await Promise.all([1, 2, 3].map(() => world.worker()));
    for (let kill = 0; kill < faults(6, 500); kill++) {
      await rest(300 + 100 * (kill % 5));
      const victim = crew[kill % crew.length]!;
      victim.kill('SIGKILL');
      await victim.exited;
      world.faults++;
      crew = [...crew.filter((w) => w !== victim), await world.worker()];
    }
    await world.drained();
    const history = await world.history();
    expect(history.violations(users, CAP)).toEqual([]);
    expect(history.count('unknown')).toBeLessThanOrEqual(world.faults * IN_FLIGHT);
    expect(history.count('sent') + history.count('unknown')).toBe(2 * users);
  });

  it.each([
    ['holding a chunk', 'chunk.leased', 1],
    ['with a claim committed', 'committed/open-slice', 2],
    ['between two requests', 'send.before', 120],
    ['with answers in hand', 'committing/settle-deliveries', 1],
  ])('F9 a worker stopped for two leases %s sends nothing that is not its own any more', async (_, point, nth) => {
    await busyWorld(1_000);
    for (let i = 0; i < faults(1, 10); i++) {
      const stopped = await world.worker({ FAILPOINT: `${point}:${nth}:stop` });
      await stopped.waitForLine(/failpoint .* stop/, 15_000);
      world.faults++;
      const other = await world.worker();
      await world.drained();
      stopped.kill('SIGCONT');
      await rest(500);
      await Promise.all([stopped.leave(), other.leave()]);
    }
    const history = await world.history();
    expect(history.violations(1_000, CAP)).toEqual([]);
    expect(history.count('unknown')).toBeLessThanOrEqual(world.faults * IN_FLIGHT);
  });

  it('F21 SIGTERM under load: no claim more, what is under way ends, exit 0 within 20 s, nothing in doubt', async () => {
    await busyWorld(2_000, { longLeases: true });
    for (let i = 0; i < faults(3, 100); i++) {
      const before = await world.accepts();
      const worker = await world.worker();
      await world.until('sending', 20_000, async () => (await world.accepts()) > before);
      const began = performance.now();
      expect(await worker.leave()).toBe(0);
      expect(performance.now() - began).toBeLessThan(20_000);
    }
    expect(Object.keys(await world.states())).not.toContain('unknown');
    await world.worker();
    await world.drained();
    const history = await world.history();
    expect(history.violations(2_000, CAP)).toEqual([]);
    expect(history.count('unknown')).toBe(0);
  });

  it('F10 a hundred doubles of every hint make no second request', async () => {
    const crew = await busyWorld(600, { longLeases: true }).then(() => Promise.all([world.worker(), world.worker()]));
    const queues = ['delivery', 'planning'].map((name) => new Bull(name, { redis: redisOptions(world.redis.url), prefix: 'rapport' }));
    const chunks = await world.api.db.raw<{ id: string }>('select id from chunks');
    const hints = Array.from({ length: 100 }, (_, i) => ({ data: { bucket: 0, chunkId: chunks[i % chunks.length]?.id ?? '1' } }));
    for (const queue of queues) await queue.addBulk(hints);
    await Promise.all(queues.map((queue) => queue.close()));
    await world.drained();
    expect(crew.every((w) => w.pid > 0)).toBe(true);
    const history = await world.history();
    expect(history.violations(600, CAP)).toEqual([]);
    expect(history.count('unknown')).toBe(0);
    expect(history.count('sent')).toBe(1_200);
  });

  it('F22 opt-outs, a pause and a cancel while sending: nothing later than a request under way', async () => {
    world = await World.start({ users: 1_500, gateway: { latencyMs: 100 }, env: { SEND_CONCURRENCY: '1' } });
    const [paused, cancelled] = [await createCampaign(world.api, {}), await createCampaign(world.api, {})];
    for (const id of [paused, cancelled]) await launch(world.api, id);
    const crew: TestProcess[] = [await world.worker()];
    await world.until('sending', 20_000, async () => (await world.accepts()) > 0);
    const acknowledged = new Map<string, number>();
    for (let i = 0; i < faults(50, 500); i++) {
      const user = `u-${(i * 29) % 1_500}`;
      await world.api.http.put(`/v1/users/${user}/subscriptions`).set(auth(world.api.keys.ingest)).send({ channel: 'push', state: 'unsubscribed' }).expect(200);
      acknowledged.set(user, Date.now());
    }
    const verb = async (id: string, name: string): Promise<number> => {
      await world.api.http.post(`/v1/campaigns/${id}/${name}`).set(auth(world.api.keys.marketer)).send({}).expect(200);
      return Date.now();
    };
    const stops = new Map([[paused, await verb(paused, 'pause')], [cancelled, await verb(cancelled, 'cancel')]]);
    await rest(3_000);
    const early = await world.history();
    const late = early.requestsOf((row, at) => at > stops.get(row.campaignId)! + 2_000);
    expect(late).toEqual([]);
    await verb(paused, 'resume');
    await world.drained();
    await Promise.all(crew.map((w) => w.leave()));
    const history = await world.history();
    expect(history.violations(1_500)).toEqual([]);
    expect(history.afterOptOut(acknowledged, 2_000)).toEqual([]);
    expect(history.count('unknown')).toBe(0);
  });
});
