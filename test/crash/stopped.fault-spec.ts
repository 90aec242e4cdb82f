import { setTimeout as rest } from 'node:timers/promises';
import Bull from 'bull';
import { redisOptions } from '../../src/platform/queue/index.js';
import type { TestProcess } from '../support/processes.js';
import { CappedRun } from './capped-run.js';
import { faults } from './counts.js';

/** Where a worker is stopped: holding a chunk, with a claim committed, between two requests, with answers in hand. */
const STOPS = ['chunk.leased:1', 'committed/open-slice:2', 'send.before:120', 'committing/settle-deliveries:1'];
const LEASE_MS = 1_500;
/** So many campaigns a round that each of the four finds chunks to be stopped at, though it leases two at a time. */
const CAMPAIGNS = 9;
const QUEUES = ['delivery', 'planning'];

describe('workers that are stopped, and workers that are given the same work', () => {
  let run: CappedRun;
  afterEach(() => run?.world.close());

  /**
   * Decides what was launched in the test's own process: of the workers, one that is stopped in the middle of a batch would keep it
   * from the others.
   */
  async function decide(): Promise<void> {
    await run.world.until('decided', 60_000, async () => {
      await run.world.api.loop('planner');
      const open = await run.world.api.db.raw(
        `select from campaigns as c where c.status in ('scheduled', 'running') and not exists (select from chunks where campaign_id = c.id)`);
      return open.length === 0;
    });
  }

  it('F9 stopped for two leases: they send nothing that is not theirs any more, and see their fences lost', async () => {
    const rounds = faults(3, 25);
    run = await CappedRun.start(300, rounds * CAMPAIGNS + 1);
    const { world } = run;
    const other = await world.worker();
    for (let round = 0; round < rounds; round++) {
      other.kill('SIGSTOP');
      for (let i = 0; i < CAMPAIGNS; i++) await run.more();
      await decide();
      const stopped = await Promise.all(STOPS.map((point) => world.worker({ FAILPOINT: `${point}:stop`, SEND_CONCURRENCY: '2' })));
      await Promise.all(stopped.map((worker) => worker.waitForLine(/failpoint .* stop/, 60_000)));
      world.faults += STOPS.length;
      other.kill('SIGCONT');
      // The other does it all, once the leases of the stopped have run out.
      await Promise.all([world.drained(), rest(2 * LEASE_MS)]);
      for (const worker of stopped) worker.kill('SIGCONT');
      await Promise.any(stopped.map((worker) => worker.waitForLine(/fence lost/)));
      for (const worker of stopped) expect(await worker.leave()).toBe(0);
    }
    await run.more();
    await world.drained();
    await run.holds();
  });

  it('F10 two workers given the same job at the same time make one request', async () => {
    // Now and then a worker does not wait for a job at the instant at which it is stopped.
    const [rounds, wanted] = [faults(15, 150), faults(10, 100)];
    run = await CappedRun.start(100, rounds + 1, { longLeases: true });
    const { world } = run;
    const [delivery, planning] = QUEUES.map((name) => new Bull(name, { redis: redisOptions(world.redis.url), prefix: 'rapport' })) as [Bull.Queue, Bull.Queue];
    const crew: TestProcess[] = await Promise.all([world.worker(), world.worker()]);
    let both = 0;
    for (let round = 0; round < rounds; round++) {
      for (const worker of crew) worker.kill('SIGSTOP');
      await run.more();
      // Every second round the job is to decide, else it is to send.
      const planned = round % 2 === 0;
      if (planned) await decide();
      const queue = planned ? delivery : planning;
      const [chunk] = await world.api.db.raw<{ id: string }>('select max(id)::text as id from chunks');
      const data = planned ? { chunkId: chunk!.id } : { bucket: 0 };
      // Both wait in Redis for a job: it hands one to each, and both find it when they come to themselves.
      await queue.addBulk([{ data }, { data }]);
      if ((await queue.getActiveCount()) === 2) both++;
      for (const worker of crew) worker.kill('SIGCONT');
      await world.drained();
    }
    await run.more();
    await world.drained();
    await Promise.all([delivery.close(), planning.close()]);
    expect(both).toBeGreaterThanOrEqual(wanted);
    const history = await run.holds();
    expect(history.count('unknown')).toBe(0);
  });

  it('F10 a hundred doubles of every hint make no second request', async () => {
    run = await CappedRun.start(600, 3, { longLeases: true });
    const { world } = run;
    for (let i = 0; i < 3; i++) await run.more();
    const crew = await Promise.all([world.worker(), world.worker()]);
    const queues = QUEUES.map((name) => new Bull(name, { redis: redisOptions(world.redis.url), prefix: 'rapport' }));
    const chunks = await world.api.db.raw<{ id: string }>('select id from chunks');
    const hints = Array.from({ length: faults(100, 1_000) }, (_, i) => ({ data: { bucket: 0, chunkId: chunks[i % chunks.length]?.id ?? '1' } }));
    for (const queue of queues) await queue.addBulk(hints);
    await Promise.all(queues.map((queue) => queue.close()));
    await world.drained();
    expect(crew.every((w) => w.pid > 0)).toBe(true);
    const history = await run.holds();
    expect(history.count('unknown')).toBe(0);
  });
});
