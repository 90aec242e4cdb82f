import { ApiDatabase, type SqlFile, type Transaction } from '../../src/platform/database/index.js';
import { PassFacts } from '../../src/planning/pass-facts.js';
import { createPassTables } from '../../src/planning/pass-tables.js';
import { SettingsModule } from '../../src/settings/index.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const NOW = new Date('2026-03-11T12:00:00.000Z');
const [FIRST_USERS, USERS] = [2, 2_000];

interface Node {
  'Node Type': string;
  'Relation Name'?: string;
  Plans?: Node[];
}

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ modules: [SettingsModule] });
  await t.db.raw(`select ensure_month_partition('deliveries', '2026-02-01')`);
  await t.db.raw('alter table deliveries_202602 set (autovacuum_enabled = false)');
  // The statistics are of a time when two users had got all messages; then thousands came.
  await send(1, FIRST_USERS, 500);
  await t.db.raw('analyze deliveries');
  await send(FIRST_USERS + 1, USERS, 2);
});
afterAll(() => t?.close());

const send = (from: number, to: number, messages: number): Promise<unknown> => t.db.raw(`
  insert into deliveries (month, user_id, run_id, wave_id, campaign_id, chunk_id, due_at, decided_at, expires_at, counted_at, settled_at, policy_version, state, channel)
  select '2026-02-01', u, n, 0, 0, 1, m.at, m.at, m.at, m.at, m.at, 0, 'sent', 'push'
  from generate_series($1::integer, $2::integer) as u, generate_series(1, $3::integer) as n,
    lateral (select '2026-02-01'::timestamptz + n * interval '1 hour' as at) as m
  order by n, u`, [from, to, messages]);

/** How the tables were read and joined when everybody was asked for. */
async function waysOf(change: (tx: Transaction) => Promise<unknown> = async () => undefined): Promise<{ ways: string[]; heard: object[] }> {
  const plans: Node[] = [];
  return t.app.get(ApiDatabase).transaction(async (tx) => {
    const watched: Transaction = {
      ...tx, client: tx.client,
      query: async <P extends object, R>(file: SqlFile<P, R>, params: P): Promise<R[]> => {
        if (file.name === 'gather-heard') {
          await change(tx);
          const values = file.params.map((name) => (params as Record<string, unknown>)[name]);
          const [row] = await tx.raw<{ 'QUERY PLAN': { Plan: Node }[] }>(`explain (format json) ${file.text}`, values);
          plans.push(row!['QUERY PLAN'][0]!.Plan);
        }
        return tx.query(file, params);
      },
    };
    await createPassTables(tx);
    const facts = await PassFacts.begin(watched, { fromId: '0', toId: '16384' }, { now: NOW, horizon: NOW }, []);
    await facts.heard('push', () => tx.raw(`insert into pass_asked (user_id) select generate_series(1, ${USERS})`));
    const heard = await tx.raw<object>(`select messages::integer, count(*)::integer as users from pass_heard group by messages order by messages`);
    return { ways: plans.flatMap(waysIn), heard };
  });
}

function waysIn(node: Node): string[] {
  const own = /^Seq Scan|^Index Scan|^Nested Loop/.test(node['Node Type']) && !node['Relation Name']?.startsWith('pass_')
    ? [`${node['Node Type']} ${node['Relation Name'] ?? ''}`] : [];
  return [...own, ...(node.Plans ?? []).flatMap(waysIn)];
}

it('messages of everybody asked for are found by bitmaps, whatever the statistics say', async () => {
  const { ways, heard } = await waysOf();
  expect(ways).toEqual([]);
  expect(heard).toEqual([{ messages: 2, users: USERS - FIRST_USERS }, { messages: 500, users: FIRST_USERS }]);
});

it('with the planner settings of other such statements the whole ledger would be looked through', async () => {
  const { ways } = await waysOf((tx) => tx.raw(`select set_config('enable_seqscan', 'on', true)`));
  expect(ways).toContain('Seq Scan deliveries_202602');
});
