import { ApiDatabase } from '../../src/platform/database/index.js';
import { ScoringModule } from '../../src/scoring/index.js';
import { SegmentPreview, SegmentsModule } from '../../src/segments/index.js';
import { SettingsModule } from '../../src/settings/index.js';
import { mutateSql } from '../support/mutated-sql.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const USERS = 1_500;

/** Rules of which each kind of aggregate is one, alone and where it cannot become a join. */
const SUM = { event: 'purchase', within: 'P90D', aggregate: 'sum', op: 'gte', value: 30 };
const RULES: Record<string, object> = {
  sum: SUM, 'few purchases': { event: 'purchase', within: 'P90D', op: 'lt', value: 3 }, purchase: { event: 'purchase', within: 'P90D' },
  'no purchase': { event: 'purchase', within: 'P90D', op: 'eq', value: 0 },
  'a sum or a view': { any: [SUM, { event: 'view', within: 'P90D' }] }, 'two sums': { all: [SUM, { not: { ...SUM, event: 'view' } }] },
  average: { event: 'purchase', within: 'P90D', aggregate: 'average', op: 'gt', value: 2 },
};

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ modules: [SettingsModule, ScoringModule, SegmentsModule] });
  for (const table of ['users', 'user_event_days', 'events_history']) await t.db.raw(`alter table ${table} set (autovacuum_enabled = false)`);
  await t.db.raw(`insert into users (id, user_id, created_at) select i, i::text, now() from generate_series(1, ${USERS}) i`);
  await t.db.raw(`insert into user_event_days (user_id, name, day, count, sum, first_at, last_at)
    select u, n, d::date, 1, 10, d + interval '1 hour', d + interval '1 hour'
    from generate_series(1, ${USERS}) u, unnest(array['purchase', 'view']) n, generate_series('2026-02-01T00:00Z'::timestamptz, '2026-02-05', interval '1 day') d`);
});
afterAll(() => t.close());

interface Node {
  'Node Type': string;
  'Relation Name'?: string;
  'Subplan Name'?: string;
  'Actual Loops'?: number;
  'Actual Rows'?: number;
  Plans?: Node[];
}

/** The nodes that ran more than a few times and are no look-up by index: what explodes. */
function repeated(node: Node): string[] {
  const own = (node['Actual Loops'] ?? 0) > 10 && !/^(Index|Limit|Append|Subquery Scan)/.test(node['Node Type']) ? [`${node['Node Type']} ${node['Relation Name'] ?? ''} × ${node['Actual Loops']}`] : [];
  return [...own, ...(node.Plans ?? []).flatMap(repeated)];
}

/** Runs a preview with its statement explained as it ran. */
async function explained(rule: object, rewrite: (sql: string) => string = (sql) => sql): Promise<string[]> {
  const plans: Node[] = [];
  const database = t.app.get(ApiDatabase);
  const transaction = database.transaction.bind(database);
  database.transaction = (work) => transaction((tx) => work({
    ...tx,
    raw: async <R>(text: string, params?: readonly unknown[]) => {
      const [row] = await tx.raw<{ 'QUERY PLAN': { Plan: Node }[] }>(`explain (analyze, timing off, format json) ${text}`, params);
      plans.push(row!['QUERY PLAN'][0]!.Plan);
      return tx.raw<R>(text, params);
    },
  }));
  const mutation = mutateSql(rewrite);
  try {
    await t.app.get(SegmentPreview).preview(rule);
  } finally {
    mutation.undo();
    database.transaction = transaction;
  }
  expect(plans).toHaveLength(1);
  return plans.flatMap(repeated);
}

it('the tables were never analysed', async () => {
  expect(await t.db.raw(`select relname from pg_class where relname in ('users', 'user_event_days') and reltuples <> -1`)).toEqual([]);
  expect(await t.db.raw(`select from pg_stats where tablename in ('users', 'user_event_days')`)).toEqual([]);
});

it.each(Object.keys(RULES))('a rule over everybody is evaluated in one pass without statistics: %s', async (name) => {
  expect(await explained(RULES[name]!)).toEqual([]);
});

it('without the planner settings of such statements that would not hold', async () => {
  const bare = (sql: string): string => sql.replace(`set_config('enable_nestloop', 'off', true), set_config('work_mem', '64MB', true), `, '');
  const found: string[] = [];
  for (const rule of Object.values(RULES)) found.push(...(await explained(rule, bare)));
  expect(found.length).toBeGreaterThan(0);
});
