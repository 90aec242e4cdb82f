import fc from 'fast-check';
import { SystemClock } from '../../src/platform/clock/index.js';
import { PassFacts } from '../../src/planning/pass-facts.js';
import { createCampaign, launch, prepareCatalogue, putPolicy } from '../factories/campaigns.js';
import { insertReachableUsers } from '../factories/people.js';
import { mutateSql } from '../support/mutated-sql.js';
import { planOnce } from '../support/planned-once.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { world as anyWorld, type GeneratedWorld } from './generated-world.js';
import { MUTANTS, mutate, type Mutant } from './mutants.js';
import { USUAL_SMALL_POOL, useWorlds } from './worlds.js';

/** The rarest is told from the truth by one world in some hundreds. */
const WORLDS = 2_000;
const SEED = 20_260_311;
const DAY_CAP = { caps: [{ key: 'day', channel: 'push', limit: 1, window: { type: 'rolling', duration: 'PT24H' } }] };

/** The lock taken out, and the lock inside the statement that counts, are caught in test/concurrency. */
describe('a mutant of the pass', () => {
  const worlds = useWorlds();

  /** What the ledger says of everybody of the world, and what the oracle does. */
  async function decided(world: GeneratedWorld): Promise<{ rows: number; due: number; actual: unknown[]; expected: unknown[] }> {
    const { rows, verdicts } = await worlds.decide(world);
    const due = world.people.length * world.campaigns.filter(({ reserveIn }) => reserveIn === null).length;
    return { rows: rows.length, due, actual: verdicts.map(({ actual }) => actual), expected: verdicts.map(({ expected }) => expected) };
  }

  async function mutated<T>(mutant: Mutant, work: () => Promise<T>): Promise<T> {
    const mutation = mutateSql((sql) => mutate(mutant, sql));
    try {
      const result = await work();
      if (mutation.hits() === 0) throw new Error(`no statement holds the anchor "${mutant.from}": the mutant has to be anchored anew`);
      return result;
    } finally {
      mutation.undo();
    }
  }

  it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))('is caught by the smallest world that tells it from the truth: %s', async (_, mutant) => {
    for (const pool of [0, USUAL_SMALL_POOL]) {
      PassFacts.smallPool = pool;
      const truth = await decided(mutant.world);
      expect(truth.actual).toEqual(truth.expected);
    }
    if (mutant.whole) PassFacts.smallPool = 0;
    const slip = await mutated(mutant, () => decided(mutant.world));
    // A statement that merely fails decides nobody, and would prove nothing.
    expect(slip.rows).toBe(slip.due);
    expect(slip.actual).not.toEqual(slip.expected);
  });

  // Hundreds of worlds each, minutes in all: asked for by RAPPORT_MUTANTS=1.
  (process.env.RAPPORT_MUTANTS ? it : it.skip).each(MUTANTS.filter(({ rare }) => !rare).map((mutant) => [mutant.name, mutant] as const))('is found by chance too: %s', async (_, mutant) => {
    let worlds = 0;
    if (mutant.whole) PassFacts.smallPool = 0;
    const undo = planOnce();
    const verdict = await mutated(mutant, () => fc.check(fc.asyncProperty(anyWorld, async (world) => {
      worlds++;
      const { rows, due, actual, expected } = await decided(world);
      if (rows !== due) throw new Error('the mutant does not run');
      if (JSON.stringify(actual) !== JSON.stringify(expected)) throw new Error('caught');
    }), { numRuns: WORLDS, seed: SEED, endOnFailure: true })).finally(undo);
    console.log(`${mutant.name}: ${verdict.failed ? `caught by world ${worlds}` : `not in ${worlds} worlds`}`);
    expect([verdict.failed, (verdict.errorInstance as Error | undefined)?.message]).toEqual([true, 'caught']);
  }, 600_000);
});

describe('a mutant beside the pass is caught', () => {
  let t: TestApp;
  beforeEach(async () => {
    t = await startTestApp();
    await prepareCatalogue(t);
    await insertReachableUsers(t.db, 5, 'p', t.clock.now());
    await putPolicy(t, DAY_CAP);
  });
  afterEach(() => t?.close());

  const reasons = async (id: string) => [...new Set((await t.db.raw<{ reason: string }>(
    `select coalesce(reason::text, state::text) as reason from deliveries where campaign_id = $1`, [id])).map(({ reason }) => reason))];
  const launched = async (app: TestApp = t) => {
    const id = await createCampaign(app, { expiresAfter: 'P3D' });
    await launch(app, id);
    return id;
  };

  /** Decided at noon, sent an hour later; asked again a day after the decision, 30 minutes before the slot frees. */
  async function askedADayAfterTheDecision(): Promise<string[]> {
    await launched();
    await t.loop('planner');
    t.clock.advance({ hours: 1 });
    await t.loop('sender');
    t.clock.advance({ hours: 23, minutes: 30 });
    const id = await launched();
    await t.loop('planner');
    return reasons(id);
  }

  it('settlement moved backwards: the window begins with the decision', async () => {
    expect(await askedADayAfterTheDecision()).toEqual(['frequency_cap']);
    await t.db.raw('truncate campaigns, deliveries, chunks cascade');
    const mutation = mutateSql((sql) => sql.replace('d.counted_at is not null then t.now end', 'd.counted_at is not null then d.decided_at end'));
    try {
      const slip = await askedADayAfterTheDecision();
      expect(mutation.hits()).toBeGreaterThan(0);
      expect(slip).toEqual(['queued']);
    } finally {
      mutation.undo();
    }
  });

  /** A planner whose clock is 25 hours fast, after a message that was sent just now. */
  async function planFast(clock: SystemClock): Promise<string[]> {
    const [now, fast] = [await startTestApp({ databaseUrl: t.databaseUrl, clock: new SystemClock() as never }), await startTestApp({ databaseUrl: t.databaseUrl, clock: clock as never })];
    try {
      await t.db.raw('update devices set last_seen_at = clock_timestamp()');
      await launched(now);
      await now.loop('planner');
      await now.loop('sender');
      const id = await launched(now);
      await fast.loop('planner');
      return await reasons(id);
    } finally {
      await now.close();
      await fast.close();
    }
  }

  it('worker clock: the instant of the decision is the planner’s own', async () => {
    class FastClock extends SystemClock {
      override now(): Date {
        return new Date(super.now().getTime() + 25 * 3_600_000);
      }
    }
    class TrustedClock extends FastClock {
      override forSql(): Date {
        return this.now();
      }
    }
    expect(await planFast(new FastClock())).toEqual(['frequency_cap']);
    await t.db.raw('truncate campaigns, deliveries, chunks cascade');
    expect(await planFast(new TrustedClock())).toEqual(['queued']);
  });
});
