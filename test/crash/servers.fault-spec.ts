import { setTimeout as rest } from 'node:timers/promises';
import { createCampaign, launch, putPolicy } from '../factories/campaigns.js';
import { auth } from '../support/test-app.js';
import { faults } from './counts.js';
import { History } from './history.js';
import { World, type WorldOptions } from './world.js';

const IN_FLIGHT = 500;
const CAP = { limit: 2, windowMs: 24 * 3_600_000 };

describe('Redis and Postgres that go away', () => {
  let world: World;
  afterEach(() => world?.close());

  async function busyWorld(users: number, options: Partial<WorldOptions> = {}): Promise<World> {
    world = await World.start({ users, gateway: { latencyMs: 30 }, ...options });
    await putPolicy(world.api, { caps: [{ key: 'day', channel: 'push', limit: CAP.limit, window: { type: 'rolling', duration: 'PT24H' } }] });
    return world;
  }

  async function launchThree(): Promise<void> {
    for (let i = 0; i < 3; i++) await launch(world.api, await createCampaign(world.api, { priority: i }));
  }

  it('F11 Redis wiped and ended while sending: done all the same, nobody twice, no cap passed, nothing in doubt', async () => {
    await busyWorld(2_000, { longLeases: true });
    await Promise.all([world.worker(), world.worker()]);
    await launchThree();
    for (let i = 0; i < faults(3, 50); i++) {
      await world.redis.command('FLUSHALL');
      await rest(200);
    }
    await world.redis.stop();
    await rest(1_000);
    await world.redis.start();
    expect(await world.drained()).toBeLessThan(60_000);
    const history = await world.history();
    expect(history.violations(2_000, CAP)).toEqual([]);
    expect(history.count('unknown')).toBe(0);
    expect(history.count('sent')).toBe(4_000);
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
    await busyWorld(2_000);
    const crew = await Promise.all([world.worker(), world.worker()]);
    await launchThree();
    for (let i = 0; i < faults(40, 1_000); i++) {
      const ended = await world.api.db.raw<{ pid: number }>(
        `select pg_terminate_backend(pid), pid from (select pid from pg_stat_activity where datname = current_database()
           and application_name in ('rapport-worker', 'rapport-sender', 'rapport-planner') and pid <> pg_backend_pid() order by random() limit 1) as victim`);
      world.faults += ended.length;
      await rest(100);
    }
    await world.drained();
    expect(world.workers.size).toBe(crew.length);
    const history = await world.history();
    expect(history.violations(2_000, CAP)).toEqual([]);
    expect(history.count('unknown')).toBeLessThanOrEqual(world.faults * 100);
  });

  it('F14 Postgres crashes while sending: going again within 30 s, no acknowledged write lost', async () => {
    await busyWorld(2_000);
    await world.worker();
    await launchThree();
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
    for (let i = 0; i < faults(2, 30); i++) {
      await rest(500);
      // The death of one server process by SIGKILL makes Postgres end all others and recover from its log, as after a crash.
      const [row] = await world.api.db.raw<{ pid: number }>('select pg_backend_pid() as pid');
      process.kill(row!.pid, 'SIGKILL');
      world.faults++;
      await rest(100);
      const down = await world.until('Postgres answers again', 30_000, async () => (await world.api.db.raw('select 1')).length === 1);
      expect(down).toBeLessThan(30_000);
    }
    await rest(500);
    writing = false;
    await writer;
    await world.drained();
    const present = await world.api.db.raw<{ id: string }>(`select user_id as id from users where user_id like 'ack-%'`);
    expect(acknowledged.length).toBeGreaterThan(10);
    expect(History.lost(acknowledged, new Set(present.map((p) => p.id)))).toEqual([]);
    const history = await world.history();
    const launched = new Map(history.rows.map((row) => [row.runId, 0]));
    for (const row of history.rows) launched.set(row.runId, launched.get(row.runId)! + 1);
    expect([...launched.values()].every((n) => n >= 2_000)).toBe(true);
    expect(history.violations(0, CAP).filter((v) => !v.startsWith('I7'))).toEqual([]);
    expect(history.count('unknown')).toBeLessThanOrEqual(world.faults * IN_FLIGHT);
  });

  it.each([
    ['of a claim: nothing of it is sent', 'committed/open-slice'],
    ['of a settlement: it is settled once', 'committed/settle-deliveries'],
    ['of a decision: nobody is decided twice', 'committed/mark-wave-bucket'],
  ])('F15 the answer to the COMMIT %s is cut off', async (_, point) => {
    // With leases as in production, where a busy machine alone leaves nothing in doubt; but a claim must not wait for them.
    await busyWorld(1_000, { longLeases: point !== 'committed/open-slice' });
    const times = faults(5, 200);
    await launchThree();
    await world.worker({ FAILPOINT: Array.from({ length: times }, (_unused, i) => `${point}:${2 * i + 1}:throw`).join(',') });
    await world.drained();
    const history = await world.history();
    expect(history.violations(1_000, CAP)).toEqual([]);
    const unknown = history.rows.filter((row) => row.state === 'unknown');
    expect(unknown.length).toBeLessThanOrEqual(times * 100);
    if (point === 'committed/open-slice') {
      expect(unknown.length).toBeGreaterThan(0);
      expect(history.requestsOf((row) => row.state === 'unknown')).toEqual([]);
    } else expect(unknown.length).toBe(0);
  });
});
