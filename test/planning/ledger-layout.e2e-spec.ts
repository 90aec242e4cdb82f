import { DataSource, type QueryRunner } from 'typeorm';
import { LedgerLayout1764100000003 } from '../../migrations/1764100000003-LedgerLayout.js';
import { LedgerBytes1764100000014 } from '../../migrations/1764100000014-LedgerBytes.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const layout = new LedgerLayout1764100000003();
const bytes = new LedgerBytes1764100000014();
const STATES = ['queued', 'sent', 'failed', 'unknown', 'deferred', 'suppressed', 'held_out'];

let database: TestDatabase;
let source: DataSource;
let runner: QueryRunner;

beforeEach(async () => {
  database = await createTestDatabase();
  source = await new DataSource({ type: 'postgres', url: database.url }).initialize();
  runner = source.createQueryRunner();
});

afterEach(async () => {
  await runner.release();
  await source.destroy();
  await database.drop();
});

/** A row in each state for each user and month. */
async function fill(users: number): Promise<void> {
  for (const month of ['2026-02-01', '2026-03-01']) {
    await runner.query(`select ensure_month_partition('deliveries', $1)`, [month]);
    await runner.query(`
      insert into deliveries (month, user_id, run_id, wave_id, campaign_id, entry, chunk_id, due_at, decided_at, expires_at, counted_at, settled_at,
        free_at, blocking_id, blocking_campaign_id, topic_id, policy_version, template_version, state, reason, channel, variant, cap, messages_in_7d,
        attempts, doubts)
      select $1::date, u, 10 + s.n, 20, 30, n, case when state in ('queued', 'sent', 'failed', 'unknown') then 40 end, $1::date, $1::date + interval '1 hour',
        $1::date + interval '1 day', case when state = 'queued' then 'infinity' when state in ('sent', 'unknown') then $1::date + interval '2 hours' end,
        case when state in ('sent', 'failed', 'unknown') then $1::date + interval '2 hours' end, case when state = 'deferred' then $1::date + interval '3 hours' end,
        case when state = 'suppressed' then 7 end, case when state = 'suppressed' then 31 end, 1, 2, 3, state::delivery_state,
        case when state in ('suppressed', 'deferred') then 'outranked' end::delivery_reason, 'push', 1, 2, 5, 1, 0
      from generate_series(1, $2::integer) as u, unnest($3::text[]) with ordinality as s (state, n)`, [month, users, STATES]);
  }
}

const rows = (): Promise<object[]> => runner.query(`
  select month::text, user_id, id, run_id::bigint, wave_id::bigint, campaign_id::bigint, entry, chunk_id::bigint, due_at, decided_at, expires_at,
    counted_at::text, settled_at, free_at, blocking_id, blocking_campaign_id::bigint, topic_id, policy_version, template_version, state, reason, channel,
    variant, cap, messages_in_7d, attempts, doubts
  from deliveries order by id`);

describe('the layout of the ledger', () => {
  it('keeps every row of an older database, and of this one when it is taken back', async () => {
    await layout.down(runner);
    await fill(3);
    const before = await rows();
    expect(before).toHaveLength(2 * 3 * STATES.length);

    await layout.up(runner);
    expect(await rows()).toEqual(before);
    expect(await runner.query(`select c.relname from pg_class as c where c.relname like '%ledger\\_old%'`)).toEqual([]);
    // The next row gets the next id.
    await runner.query(`insert into deliveries (month, user_id, run_id, wave_id, campaign_id, due_at, decided_at, expires_at, policy_version, state, channel)
      values ('2026-03-01', 9, 99, 20, 30, now(), now(), now(), 0, 'held_out', 'push')`);
    const [{ newest }] = await runner.query('select id > (select max(x.id) from deliveries as x where x.user_id <> 9) as newest from deliveries where user_id = 9');
    expect(newest).toBe(true);
    await runner.query('delete from deliveries where user_id = 9');

    await layout.down(runner);
    expect(await rows()).toEqual(before);
  });

  it('keeps every row, with its entry or none, of the layout before it and back', async () => {
    await bytes.down(runner);
    await fill(3);
    await runner.query('update deliveries set entry = 0 where entry <= 4');
    const before = await rows();

    await bytes.up(runner);
    expect(await rows()).toEqual(before.map((row) => ('entry' in row && row.entry === '0' ? { ...row, entry: null } : row)));
    await bytes.down(runner);
    expect(await rows()).toEqual(before);
  });

  it('has a user once in a run, and each entry into a triggered campaign once', async () => {
    await runner.query(`select ensure_month_partition('deliveries', '2026-03-01')`);
    const decide = (entry: number | null) => runner.query(`
      insert into deliveries (month, user_id, run_id, wave_id, campaign_id, entry, due_at, decided_at, expires_at, policy_version, state, channel)
      values ('2026-03-01', 1, 1, 1, 1, $1, now(), now(), now(), 0, 'held_out', 'push')`, [entry]);
    for (const entry of [null, 1, 2]) {
      await decide(entry);
      await expect(decide(entry)).rejects.toMatchObject({ code: '23505' });
    }
  });

  it('fills the pages of its key in whatever order the buckets are decided', async () => {
    await runner.query(`select ensure_month_partition('deliveries', '2026-03-01')`);
    for (const bucket of [3, 2, 1, 0]) {
      await runner.query(`
        insert into deliveries (month, user_id, run_id, wave_id, campaign_id, due_at, decided_at, expires_at, policy_version, state, channel)
        select '2026-03-01', u, 1, 1, 1, now(), now(), now(), 0, 'held_out', 'push' from generate_series($1::integer, $1::integer + 4095) as u order by u`, [bucket * 4096]);
    }
    const [{ each }] = await runner.query(`select sum(pg_relation_size(i.indexrelid))::float8 / 16384 as each from pg_index as i
      where i.indrelid = 'deliveries_202603'::regclass and i.indisunique`);
    // 28 bytes and a tenth left free; 60 where the pages are split in their middle.
    expect(each).toBeLessThan(36);
  });

  it('has no index on what a settlement changes', async () => {
    const indexes: Array<{ def: string }> = await runner.query(`select pg_get_indexdef(i.indexrelid) as def from pg_index as i where i.indrelid = 'deliveries'::regclass`);
    expect(indexes.length).toBeGreaterThan(4);
    expect(indexes.filter(({ def }) => /\b(state|counted_at|settled_at|reason|template_version|attempts|doubts)\b/.test(def))).toEqual([]);
  });

  it('settles by HOT updates, which write no index', async () => {
    await fill(4); // they fill half a page
    const hotUpdates = async (): Promise<number> =>
      (await runner.query(`select pg_stat_get_xact_tuples_hot_updated('deliveries_202603'::regclass)::integer as n`))[0].n;
    const settle = async (): Promise<number> => {
      await runner.startTransaction();
      const before = await hotUpdates();
      await runner.query(`update deliveries set state = 'sent', settled_at = now(), counted_at = now(), template_version = 4 where state = 'queued'`);
      const hot = (await hotUpdates()) - before;
      await runner.rollbackTransaction();
      await runner.query('vacuum deliveries');
      return hot;
    };
    expect(await settle()).toBe(4);
    // The guard against this test: with state in the condition of an index there is none.
    await runner.query(`create index on deliveries (user_id) where state = 'queued'`);
    expect(await settle()).toBe(0);
  });
});
