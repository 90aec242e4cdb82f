import { setTimeout as rest } from 'node:timers/promises';
import { createCampaign, launch, putPolicy } from '../factories/campaigns.js';
import { auth } from '../support/test-app.js';
import { faults } from './counts.js';
import { History } from './history.js';
import { OwnPostgres } from './own-postgres.js';
import { IN_FLIGHT, World, type WorldOptions } from './world.js';

const CAP = { limit: 2, windowMs: 24 * 3_600_000 };

describe('Redis and Postgres that go away', () => {
  let world: World;
  afterEach(() => world?.close());

  async function busyWorld(users: number, options: Partial<WorldOptions> = {}): Promise<World> {
    world = await World.start({ users, gateway: { latencyMs: 30 }, ...options });
    await capAt(CAP.limit);
    return world;
  }

  async function capAt(limit: number): Promise<void> {
    await putPolicy(world.api, { caps: [{ key: 'day', channel: 'push', limit, window: { type: 'rolling', duration: 'PT24H' } }] });
  }

  /** A backend that writes users one after the other, whatever becomes of the database. @returns what was acknowledged, at the end */
  function keepWriting(): { stop: () => Promise<string[]> } {
    const acknowledged: string[] = [];
    let writing = true;
    const writer = (async () => {
      for (let i = 0; writing; i++) {
        const userId = `ack-${i}`;
        const answer = await world.api.http.post('/v1/users/batch').set(auth(world.api.keys.ingest)).send({ users: [{ userId }] }).catch(() => undefined);
        if (answer?.status === 200) acknowledged.push(userId);
        await rest(20);
      }
    })();
    return {
      stop: async () => {
        writing = false;
        await writer;
        return acknowledged;
      },
    };
  }

  async function launchThree(): Promise<void> {
    for (let i = 0; i < 3; i++) await launch(world.api, await createCampaign(world.api, { priority: i }));
  }

  it('F11 Redis wiped and ended while sending: done all the same, nobody twice, no cap passed, nothing in doubt', async () => {
    const wipes = faults(5, 50);
    await busyWorld(600, { longLeases: true });
    await capAt(wipes);
    await Promise.all([world.worker(), world.worker()]);
    for (let i = 0; i < wipes; i++) {
      const before = await world.accepts();
      await launch(world.api, await createCampaign(world.api, { priority: i }));
      await world.until('sending', 30_000, async () => (await world.accepts()) > before);
      if (i < wipes - 1) await world.redis.command('FLUSHALL');
    }
    await world.redis.stop();
    await rest(1_000);
    await world.redis.start();
    await launch(world.api, await createCampaign(world.api, {}));
    expect(await world.drained()).toBeLessThan(60_000);
    const history = await world.history();
    expect(history.violations(600, { ...CAP, limit: wipes })).toEqual([]);
    expect(history.count('unknown')).toBe(0);
    expect(history.count('sent')).toBe(wipes * 600);
  });

  it('F12 without Redis from the start: reads and writes work, readiness says degraded, sending goes on', async () => {
    await busyWorld(1_000, { longLeases: true });
    await world.redis.stop();
    await world.worker();
    const began = performance.now();
    await launchThree();
    while (performance.now() - began < faults(30_000, 300_000)) {
      const answers = await Promise.all(['/v1/campaigns', '/v1/users/u-1', '/health/live', '/health/ready'].map((path) => (
        world.api.http.get(path).set(auth(world.api.adminKey)))));
      expect(answers.map((a) => a.status)).toEqual([200, 200, 200, 200]);
      expect(answers[3]!.body).toMatchObject({ status: 'degraded', redis: 'down' });
      await rest(1_000);
    }
    await world.drained(30_000);
    const history = await world.history();
    expect(history.violations(1_000, CAP)).toEqual([]);
    expect(history.count('sent')).toBe(2_000);
    await world.redis.start();
  });

  it('F13 connections to Postgres ended at random: no process dies, nobody twice, nobody lost', async () => {
    const ends = faults(100, 1_000);
    const campaigns = ends / 10;
    await busyWorld(300);
    await capAt(campaigns - 1);
    const crew = await Promise.all([world.worker(), world.worker()]);
    for (let i = 0; i < ends; i++) {
      if (i % 10 === 0) await launch(world.api, await createCampaign(world.api, { priority: i % 100 }));
      const ended = await world.api.db.raw<{ pid: number }>(
        `select pg_terminate_backend(pid), pid from (select pid from pg_stat_activity where datname = current_database()
           and application_name in ('rapport-worker', 'rapport-sender', 'rapport-planner') and pid <> pg_backend_pid() order by random() limit 1) as victim`);
      world.faults += ended.length;
      await rest(50);
    }
    await world.drained();
    expect(world.workers).toEqual(new Set(crew));
    const history = await world.history();
    expect(history.violations(300, { ...CAP, limit: campaigns - 1 })).toEqual([]);
    expect(history.count('unknown')).toBeLessThanOrEqual(world.faults * 100);
    expect(history.count('sent') + history.count('unknown')).toBe((campaigns - 1) * 300);
  });

  it('F14 Postgres crashes while sending: going again within 30 s, no acknowledged write lost', async () => {
    const crashes = faults(3, 30);
    const postgres = new OwnPostgres();
    try {
      await postgres.start();
      world = await World.start({ users: 800, gateway: { latencyMs: 30 }, databaseUrl: postgres.url });
      await capAt(crashes);
      await world.worker();
      const writer = keepWriting();
      for (let i = 0; i < crashes; i++) {
        const before = await world.accepts();
        await launch(world.api, await createCampaign(world.api, { priority: i }));
        await world.until('sending', 30_000, async () => (await world.accepts()) > before);
        await postgres.crash(i % 2 === 0 ? 'SIGKILL' : 'SIGQUIT');
        world.faults++;
        await rest(500);
        await postgres.start();
        const sent = await world.accepts();
        await world.until('going again', 30_000, async () => (await world.accepts()) > sent || !(await world.open()));
      }
      await launch(world.api, await createCampaign(world.api, {}));
      await world.drained();
      expect(world.workers.size).toBe(1);
      const acknowledged = await writer.stop();
      const present = await world.api.db.raw<{ id: string }>(`select user_id as id from users where user_id like 'ack-%'`);
      expect(acknowledged.length).toBeGreaterThan(10);
      expect(History.lost(acknowledged, new Set(present.map((p) => p.id)))).toEqual([]);
      const history = await world.history();
      // Whoever is written in the meantime belongs to the audience of the runs that come after, without a device.
      const ours = history.of((row) => row.clientId.startsWith('u-'));
      expect(ours.violations(800, { ...CAP, limit: crashes })).toEqual([]);
      expect(history.count('unknown')).toBeLessThanOrEqual(world.faults * IN_FLIGHT);
      expect(history.count('sent') + history.count('unknown')).toBe(crashes * 800);
    } finally {
      await world?.close();
      await postgres.remove();
    }
  });
});
