import fc from 'fast-check';
import { SystemClock } from '../../src/platform/clock/index.js';
import { createCampaign, launch, prepareCatalogue, putPolicy } from '../factories/campaigns.js';
import { insertReachableUsers } from '../factories/people.js';
import { mutateSql } from '../support/mutated-sql.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { world as anyWorld } from './generated-world.js';
import { OracleJudge } from './oracle-judge.js';
import { WorldPlacer } from './world-placer.js';

const WORLDS = 250;
const SEED = 20_260_311;
const DAY_CAP = { caps: [{ key: 'day', channel: 'push', limit: 1, window: { type: 'rolling', duration: 'PT24H' } }] };

type Mutant = [name: string, from: RegExp | string, to: string];

/** Faults of the deciding statement: each a slip that reads as well as the truth. */
const MUTANTS: Mutant[] = [
  ['a message exactly a window old still counts', /else h\.at > (\$\d+::timestamptz) - c\.rolling/g, 'else h.at >= $1 - c.rolling'],
  ['the first instant of a calendar window does not count', 'then h.at >= w.starts else h.at > $', 'then h.at > w.starts else h.at > $'],
  ['the minimum gap is one instant longer', /h\.at > (\$\d+::timestamptz) - g\.length/g, 'h.at >= $1 - g.length'],
  ['what is not settled counts at its infinity', /least\(h\.counted_at, (\$\d+::timestamptz)\) as at/g, 'h.counted_at as at'],
  ['a message counts by the topic of today', 'select d.id, d.campaign_id, d.channel, d.topic_id,', 'select d.id, d.campaign_id, d.channel, (select c.topic_id from campaigns as c where c.id = d.campaign_id) as topic_id,'],
  ['ranking upside down', 'order by c.priority desc, c.id', 'order by c.priority, c.id'],
  ['quiet hours begin one instant late', /q\.starts <= (\$\d+::timestamptz) and q\.ends >/g, 'q.starts < $1 and q.ends >'],
  ['a deferred row may not be due at its very expiry', 't.free_at <= t.expires_at', 't.free_at < t.expires_at'],
  ['the unopened of the last 24 hours count too', /d\.settled_at <= (\$\d+::timestamptz) - interval '24 hours'/g, "d.settled_at <= $1 - interval '0 hours'"],
  ['deferred only to where the caps free, into quiet hours', 'coalesce(q.ends, r.gates_free_at) end as free_at', 'r.gates_free_at end as free_at'],
  ['an occurrence due when the window ends still holds a slot back', 'and r.due_at < case', 'and r.due_at <= case'],
  ['a reservation counts what will have left the window', /else h\.at > b\.due_at - b\.rolling/g, 'else true'],
];

// Up to 250 worlds each, some minutes in all: asked for by RAPPORT_MUTANTS=1.
(process.env.RAPPORT_MUTANTS ? describe : describe.skip)('a mutant of the pass is caught by the oracle', () => {
  let t: TestApp;
  let placer: WorldPlacer;
  let judge: OracleJudge;
  beforeAll(async () => {
    t = await startTestApp();
    placer = new WorldPlacer(t);
    await placer.prepare();
    judge = new OracleJudge(t);
  });
  afterAll(() => t?.close());

  it.each(MUTANTS)('%s', async (_, from, to) => {
    const mutation = mutateSql((sql) => (typeof from === 'string' ? sql.replaceAll(from, () => to) : sql.replace(from, to)));
    try {
      const verdict = await fc.check(fc.asyncProperty(anyWorld, async (world) => {
        await placer.clear();
        const placed = await placer.place(world);
        await t.loop('planner');
        const rows = await placer.readLedger();
        for (const i of world.people.keys()) {
          const { expected, actual } = judge.compare(world, placed, rows, i);
          if (JSON.stringify(expected) !== JSON.stringify(actual)) throw new Error('caught');
        }
      }), { numRuns: WORLDS, seed: SEED, endOnFailure: true });
      expect(mutation.hits()).toBeGreaterThan(0);
      expect([verdict.failed, (verdict.errorInstance as Error | undefined)?.message]).toEqual([true, 'caught']);
    } finally {
      mutation.undo();
    }
  }, 300_000);
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
    const mutation = mutateSql((sql) => sql.replace("d.counted_at is not null then t.now end,\n    chunk_id", "d.counted_at is not null then d.decided_at end,\n    chunk_id"));
    try {
      expect(await askedADayAfterTheDecision()).toEqual(['queued']);
      expect(mutation.hits()).toBeGreaterThan(0);
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
