import { BucketPass } from '../../src/planning/bucket-pass.js';
import { createCampaign, launch, prepareCatalogue, putPolicy } from '../factories/campaigns.js';
import { insertReachableUsers } from '../factories/people.js';
import { mutateSql } from '../support/mutated-sql.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const USERS = 2_000;

/** What of a pass a test may hold back or take out. */
interface OpenedPass {
  lock: (...args: unknown[]) => Promise<boolean>;
  decideEverythingDue: (...args: unknown[]) => Promise<unknown>;
  decideStep: (...args: unknown[]) => Promise<unknown>;
}

function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/** Resolves once some connection of this database waits for another one's transaction. */
async function untilBlocked({ db }: TestApp): Promise<void> {
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  while ((await db.raw(waiting)).length === 0) await new Promise((resolve) => setImmediate(resolve));
}

/**
 * Two planners over the same users; the second starts while the first has decided four campaigns and not yet committed, and
 * finds four more of higher priority.
 * @returns messages queued in all.
 */
async function race(first: TestApp, second: TestApp): Promise<number> {
  const [low, high] = await Promise.all([10, 90].map((priority) => (
    Promise.all(Array.from({ length: 4 }, () => createCampaign(first, { priority })))))) as [string[], string[]];
  for (const id of low) await launch(first, id);
  const decided = gate();
  const mayCommit = gate();
  const pass = first.app.get(BucketPass) as unknown as OpenedPass;
  const decide = pass.decideEverythingDue.bind(pass);
  pass.decideEverythingDue = async (...args) => {
    const chunks = await decide(...args);
    decided.open();
    await mayCommit.opened;
    return chunks;
  };
  const firstTick = first.loop('planner');
  await decided.opened;
  pass.decideEverythingDue = decide;
  for (const id of high) await launch(first, id);
  // With the lock the second planner leaves the bucket alone and is done. Without it, it decides what ranks above the first one's rows
  // and waits there for their commit: it would run into them, and take back what it has decided.
  const met = gate();
  const own = second.app.get(BucketPass) as unknown as OpenedPass;
  const decideStep = own.decideStep.bind(own);
  let waves = 0;
  own.decideStep = async (...args) => {
    const decided = await decideStep(...args);
    if (++waves === high.length) {
      met.open();
      await firstTick;
    }
    return decided;
  };
  const secondTick = second.loop('planner');
  await Promise.race([secondTick, met.opened, untilBlocked(first)]);
  mayCommit.open();
  await Promise.all([firstTick, secondTick]);
  own.decideStep = decideStep;
  await second.loop('planner');
  const [row] = await first.db.raw<{ n: number }>(`select count(*)::integer as n from deliveries where state = 'queued'`);
  return row!.n;
}

describe('two planners on the same users', () => {
  let first: TestApp;
  let second: TestApp;
  beforeEach(async () => {
    first = await startTestApp();
    second = await startTestApp({ databaseUrl: first.databaseUrl, clock: first.clock });
    await prepareCatalogue(first);
    await insertReachableUsers(first.db, USERS, 'p', first.clock.now());
    await putPolicy(first, { caps: [{ key: 'day', channel: 'push', limit: 3, window: { type: 'rolling', duration: 'PT24H' } }] });
  });
  afterEach(async () => {
    await second?.close();
    await first?.close();
  });

  it('send exactly 6,000 of 16,000 under a cap of 3 in 24 hours', async () => {
    expect(await race(first, second)).toBe(6_000);
  });

  it('overshoot the cap when the lock is taken out, so the test above can fail', async () => {
    for (const t of [first, second]) (t.app.get(BucketPass) as unknown as OpenedPass).lock = async () => true;
    expect(await race(first, second)).toBeGreaterThan(6_000);
  });

  it('overshoot the cap when the lock is taken by the statement that counts: its snapshot is older than the lock', async () => {
    const mutation = mutateSql((sql) => sql
      .replace('select pg_try_advisory_xact_lock($1::integer, $2::integer) as locked', 'select $1::integer + $2::integer is not null as locked')
      .replace(/(this_pass\s+from) asked as p\s+cross join lateral/, '$1 (select q.* from asked as q, (select pg_advisory_xact_lock(7205, 0)) as l) as p cross join lateral'));
    try {
      const queued = await race(first, second);
      expect(mutation.hits()).toBeGreaterThan(0);
      expect(queued).toBeGreaterThan(6_000);
    } finally {
      mutation.undo();
    }
  });

  it('send exactly 6,000 however their ticks and the launches fall together', async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, (_, i) => createCampaign(first, { priority: i * 10 })));
    const ticks = [first, second].map(async (t) => {
      for (let i = 0; i < 6; i++) await t.loop('planner');
    });
    await Promise.all([...ticks, ...ids.map((id) => launch(first, id))]);
    await first.loop('planner');
    const rows = await first.db.raw<{ most: number; all: number }>(
      `select max(n)::integer as most, sum(n)::integer as all from (select count(*) as n from deliveries where state = 'queued' group by user_id) as u`);
    expect(rows[0]).toEqual({ most: 3, all: 6_000 });
  });
});
