import type { TestProcess } from '../support/processes.js';
import { faults } from './counts.js';
import { killed } from './deaths.js';
import { CappedRun } from './capped-run.js';
import { seeded } from '../support/seeded.js';

const SEED = Number(process.env.RAPPORT_SEED ?? Math.floor(Date.now() / 1_000));
/** A worker that was asked to go claims nothing later than this. */
const CLAIMS_END_MS = 1_000;

/** Who claimed when, by the process that held the chunk. */
const RECORD_CLAIMS = `
  create table test_claims (owner text, at timestamptz);
  create function record_claim() returns trigger language plpgsql as $$ begin
    insert into test_claims select k.lease_owner, clock_timestamp() from chunks as k where k.id = new.chunk_id;
    return null;
  end $$;
  create trigger claims after insert on slices for each row execute function record_claim()`;

describe('worker processes that die or are asked to go, while others go on', () => {
  let run: CappedRun;
  afterEach(() => run?.world.close());

  it('F8 one of four workers dies again and again while all are sending: nobody twice, nobody lost, no cap passed', async () => {
    const kills = faults(50, 500);
    const random = seeded(SEED);
    run = await CappedRun.start(220, kills + 1);
    const { world } = run;
    const crew = await Promise.all([1, 2, 3, 4].map(() => world.worker()));
    const replacements: Promise<unknown>[] = [];
    for (let kill = 0; kill < kills; kill++) {
      await run.underway();
      // Two of the four may be starting; one who is at work goes on.
      if (crew.length <= 2) await Promise.race(replacements);
      const [victim] = crew.splice(Math.floor(random() * crew.length), 1);
      victim!.kill('SIGKILL');
      await killed(victim!);
      world.faults++;
      const coming: Promise<unknown> = world.worker().then((worker) => crew.push(worker)).finally(() => replacements.splice(replacements.indexOf(coming), 1));
      replacements.push(coming);
    }
    await run.more();
    await Promise.all(replacements);
    expect(world.faults).toBe(kills);
    expect(await world.drained()).toBeLessThan(30_000);
    await run.holds(`RAPPORT_SEED=${SEED}`);
  });

  it('F21 SIGTERM under load: no claim later than a second after, what is under way ends, exit 0 within 20 s, nothing in doubt', async () => {
    const terms = faults(20, 100);
    run = await CappedRun.start(300, terms + 1, { longLeases: true, gateway: { latencyMs: 100 } });
    const { world } = run;
    await world.api.db.raw(RECORD_CLAIMS);
    /** A worker of the crew that has a slice on its way. */
    const laden = async (crew: readonly TestProcess[]): Promise<TestProcess | undefined> => {
      const owners = await world.api.db.raw<{ pid: number }>(
        `select split_part(k.lease_owner, '-', 1)::integer as pid from slices as s join chunks as k on k.id = s.chunk_id and k.fence = s.fence
         where s.closed_at is null and k.lease_owner is not null`);
      return crew.find(({ pid }) => owners.some((owner) => owner.pid === pid));
    };
    const crew = await Promise.all([1, 2].map(() => world.worker()));
    const asked = new Map<number, Date>();
    for (let term = 0; term < terms; term++) {
      const replacement = world.worker();
      let leaving: TestProcess | undefined;
      await run.more();
      await world.until('a worker with a slice under way', 60_000, async () => (leaving = await laden(crew)) !== undefined);
      asked.set(leaving!.pid, new Date());
      const began = performance.now();
      expect(await leaving!.leave()).toBe(0);
      expect(performance.now() - began).toBeLessThan(20_000);
      crew.splice(crew.indexOf(leaving!), 1, await replacement);
    }
    expect(asked.size).toBe(terms);
    await run.more();
    await world.drained();
    const claims = await world.api.db.raw<{ pid: number; at: Date }>(`select split_part(owner, '-', 1)::integer as pid, at from test_claims`);
    expect(claims.filter(({ pid, at }) => asked.has(pid) && at.getTime() > asked.get(pid)!.getTime() + CLAIMS_END_MS)).toEqual([]);
    expect([...asked.keys()].filter((pid) => !claims.some((claim) => claim.pid === pid))).toEqual([]);
    const history = await run.holds();
    expect(history.count('unknown')).toBe(0);
  });
});
