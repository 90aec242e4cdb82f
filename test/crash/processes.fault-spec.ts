import { setTimeout as rest } from 'node:timers/promises';
import Bull from 'bull';
import { redisOptions } from '../../src/platform/queue/index.js';
import { createCampaign, launch, putPolicy } from '../factories/campaigns.js';
import { auth } from '../support/test-app.js';
import type { TestProcess } from '../support/processes.js';
import { faults } from './counts.js';
import { World, type WorldOptions } from './world.js';

const IN_FLIGHT = 500;
/** Where a worker is stopped: holding a chunk, with a claim committed, between two requests, with answers in hand. */
const STOPS = ['chunk.leased:1', 'committed/open-slice:2', 'send.before:120', 'committing/settle-deliveries:1'];
const DAY_MS = 24 * 3_600_000;

describe('worker processes that die, stop, or are asked to go', () => {
  let world: World;
  afterEach(() => world?.close());

  /** A world whose provider answers after 30 ms, and a cap that the last of `campaigns` meets. */
  async function cappedWorld(users: number, campaigns: number, options: Partial<WorldOptions> = {}): Promise<World> {
    world = await World.start({ users, gateway: { latencyMs: 30 }, ...options });
    await putPolicy(world.api, { caps: [{ key: 'day', channel: 'push', limit: campaigns - 1, window: { type: 'rolling', duration: 'PT24H' } }] });
    return world;
  }

  /** One more campaign to everybody. */
  const more = async (): Promise<void> => launch(world.api, await createCampaign(world.api, {}));

  /** One more campaign, of which the first messages are on their way. */
  async function underway(): Promise<void> {
    const before = await world.accepts();
    await more();
    await world.until('sending', 30_000, async () => (await world.accepts()) > before);
  }

  /** All that holds of `campaigns` to `users`, the last of which met the cap. */
  async function holds(users: number, campaigns: number): Promise<void> {
    const history = await world.history();
    expect(history.violations(users, { limit: campaigns - 1, windowMs: DAY_MS })).toEqual([]);
    expect(history.count('unknown')).toBeLessThanOrEqual(world.faults * IN_FLIGHT);
    expect(history.count('sent') + history.count('unknown')).toBe((campaigns - 1) * users);
  }

  it('F8 one of three workers dies again and again while all are sending: nobody twice, nobody lost, no cap passed', async () => {
    const kills = faults(12, 500);
    await cappedWorld(300, kills + 1);
    const crew = await Promise.all([1, 2, 3].map(() => world.worker()));
    for (let kill = 0; kill < kills; kill++) {
      const replacement = world.worker();
      await underway();
      crew.shift()!.kill('SIGKILL');
      world.faults++;
      crew.push(await replacement);
    }
    await more();
    expect(await world.drained()).toBeLessThan(30_000);
    await holds(300, kills + 1);
  });

  it('F9 a worker stopped for two leases sends nothing that is not its own any more', async () => {
    const stops = STOPS.length * faults(2, 25);
    await cappedWorld(300, stops + 1);
    const other = await world.worker();
    for (let i = 0; i < stops; i++) {
      const point = STOPS[i % STOPS.length]!;
      other.kill('SIGSTOP');
      await more();
      const stopped = await world.worker({ FAILPOINT: `${point}:stop` });
      await stopped.waitForLine(/failpoint .* stop/, 15_000);
      world.faults++;
      other.kill('SIGCONT');
      // Done by the other only once both leases of the stopped one have run out.
      await world.drained();
      stopped.kill('SIGCONT');
      await rest(300);
      await stopped.leave();
    }
    await more();
    await world.drained();
    await holds(300, stops + 1);
  });

  it('F21 SIGTERM under load: no claim more, what is under way ends, exit 0 within 20 s, nothing in doubt', async () => {
    const terms = faults(6, 100);
    await cappedWorld(600, terms + 1, { longLeases: true });
    for (let i = 0; i < terms; i++) {
      const worker = await world.worker();
      await underway();
      const began = performance.now();
      expect(await worker.leave()).toBe(0);
      expect(performance.now() - began).toBeLessThan(20_000);
    }
    expect(Object.keys(await world.states())).not.toContain('unknown');
    await more();
    await world.worker();
    await world.drained();
    await holds(600, terms + 1);
    expect((await world.history()).count('unknown')).toBe(0);
  });

  it('F10 a hundred doubles of every hint make no second request', async () => {
    await cappedWorld(600, 3, { longLeases: true });
    for (let i = 0; i < 3; i++) await more();
    const crew = await Promise.all([world.worker(), world.worker()]);
    const queues = ['delivery', 'planning'].map((name) => new Bull(name, { redis: redisOptions(world.redis.url), prefix: 'rapport' }));
    const chunks = await world.api.db.raw<{ id: string }>('select id from chunks');
    const hints = Array.from({ length: faults(100, 1_000) }, (_, i) => ({ data: { bucket: 0, chunkId: chunks[i % chunks.length]?.id ?? '1' } }));
    for (const queue of queues) await queue.addBulk(hints);
    await Promise.all(queues.map((queue) => queue.close()));
    await world.drained();
    expect(crew.every((w) => w.pid > 0)).toBe(true);
    await holds(600, 3);
    expect((await world.history()).count('unknown')).toBe(0);
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
