import { BucketPass } from '../../src/planning/bucket-pass.js';
import { createCampaign, launch, prepareCatalogue } from '../factories/campaigns.js';
import { insertReachableUsers } from '../factories/people.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

const BUCKET = 16_384;

/** What of a pass the test holds back. */
interface OpenedPass {
  decideEverythingDue: (tx: unknown, rules: unknown, bucket: number, only?: readonly string[]) => Promise<unknown>;
}

interface Holding {
  database: { pool: { connect(): Promise<{ query(text: string): Promise<{ rows: unknown[] }>; release(destroy: boolean): void }> } };
}

describe('an event beside a bulk pass', () => {
  let t: TestApp;
  beforeEach(async () => {
    t = await startTestApp();
    await prepareCatalogue(t);
    await insertReachableUsers(t.db, 5, 'first', t.clock.now());
    await t.db.raw(`select setval('user_id_seq', $1)`, [BUCKET]);
    await insertReachableUsers(t.db, 5, 'second', t.clock.now());
  });
  afterEach(() => t?.close());

  const ledger = async (campaignId: string) => (await t.db.raw<{ user: string }>(
    `select u.user_id as user from deliveries d join users u on u.id = d.user_id where d.campaign_id = $1 order by 1`, [campaignId])).map(({ user }) => user);

  const event = (userId: string) => t.http.post('/v1/events').set(auth(t.keys.ingest))
    .send({ events: [{ eventId: 'e', userId, name: 'signup', occurredAt: t.clock.now().toISOString() }] }).expect(200);

  it('is answered while the bulk pass is still at its first bucket: it waits for none of those before its own', async () => {
    const welcome = await createCampaign(t, { schedule: { type: 'triggered', event: 'signup', reentry: 'always' }, priority: 50 });
    const bulk = await createCampaign(t, { priority: 90 });
    const lower = await createCampaign(t, { priority: 10 });
    for (const id of [welcome, bulk, lower]) await launch(t, id);
    let [holding, release] = [(): void => undefined, (): void => undefined];
    const held = new Promise<void>((resolve) => (holding = resolve));
    const released = new Promise<void>((resolve) => (release = resolve));
    const pass = t.app.get(BucketPass) as unknown as OpenedPass;
    const decide = pass.decideEverythingDue.bind(pass);
    pass.decideEverythingDue = async (tx, rules, bucket, only) => {
      const chunks = await decide(tx, rules, bucket, only);
      if (bucket === 0 && only === undefined) {
        holding();
        await released;
      }
      return chunks;
    };
    const bulkPass = t.loop('planner');
    try {
      await held;
      await event('second-0');
      await t.loop('triggers');
      // What ranks higher meets the user first, what ranks lower can wait; nobody else has been decided yet.
      expect(await ledger(welcome)).toEqual(['second-0']);
      expect(await ledger(bulk)).toEqual(['second-0']);
      expect(await ledger(lower)).toEqual([]);
    } finally {
      release();
      await bulkPass;
    }
    for (const id of [bulk, lower]) expect(await ledger(id)).toHaveLength(10);
    expect(await ledger(welcome)).toEqual(['second-0']);
  });

  const signUp = async (userId: string) => {
    const welcome = await createCampaign(t, { schedule: { type: 'triggered', event: 'signup', reentry: 'always' } });
    await launch(t, welcome);
    await event(userId);
    return welcome;
  };
  const bucketLocks = async () => (await t.db.raw<{ granted: boolean }>(
    `select granted from pg_locks where locktype = 'advisory' and classid = 7205 and database = (select oid from pg_database where datname = current_database())`));
  const connection = () => (t.app.get(BucketPass) as unknown as Holding).database.pool.connect();
  /** As a bulk pass does that is at work on the first bucket. */
  const holdFirstBucket = async () => {
    const client = await connection();
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock(7205, 0)');
    return client;
  };
  const untilSomebodyWaits = async () => {
    while (!(await bucketLocks()).some(({ granted }) => !granted)) await new Promise(setImmediate);
  };

  it('of a user whose bucket is being decided is next in line for it: no bulk pass that comes later goes before', async () => {
    const welcome = await signUp('first-0');
    const client = await holdFirstBucket();
    const late = await connection();
    try {
      const round = t.loop('triggers');
      await untilSomebodyWaits();
      expect(await ledger(welcome)).toEqual([]);
      await client.query('rollback');
      const { rows } = await late.query('select pg_try_advisory_lock(7205, 0) as locked');
      await round;
      expect(rows).toEqual([{ locked: false }]);
      expect(await ledger(welcome)).toEqual(['first-0']);
    } finally {
      client.release(true);
      late.release(true);
    }
  });

  it('waits for its own bucket alone: one of a free bucket that comes later is decided meanwhile, one of the same is taken along', async () => {
    const welcome = await signUp('first-0');
    const client = await holdFirstBucket();
    try {
      const rounds = [t.loop('triggers')];
      await untilSomebodyWaits();
      for (const userId of ['second-0', 'first-1']) await event(userId);
      rounds.push(t.loop('triggers'));
      while ((await ledger(welcome)).length === 0) await new Promise(setImmediate);
      expect(await ledger(welcome)).toEqual(['second-0']);
      expect((await bucketLocks()).filter(({ granted }) => !granted)).toHaveLength(1);
      await client.query('rollback');
      await Promise.all(rounds);
      expect(await ledger(welcome)).toEqual(['first-0', 'first-1', 'second-0']);
    } finally {
      client.release(true);
    }
  });

  it('whose bucket a stopped planner holds gives up in time, and comes again', async () => {
    const welcome = await signUp('first-0');
    const client = await holdFirstBucket();
    try {
      await t.loop('triggers');
      expect(await ledger(welcome)).toEqual([]);
    } finally {
      client.release(true);
    }
    await t.loop('triggers');
    expect(await ledger(welcome)).toEqual(['first-0']);
  });
});
