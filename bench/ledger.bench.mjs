// Bytes of the ledger for each message, decided and settled, and the share of settlements that were HOT updates: an empty month takes
// whole buckets of queued rows in chunks as a pass writes them, then every slice is settled in a transaction of its own.
//   node bench/ledger.bench.mjs [--buckets 6] [--note "…"]
import { appendFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { ensureBuild } from '../scripts/lib/prepare.mjs';

const { values } = parseArgs({ options: { buckets: { type: 'string', default: '6' }, note: { type: 'string', default: '' } } });
const BUCKET = 16_384;
const ROWS = Number(values.buckets) * BUCKET;
const CHUNKS = Math.ceil(BUCKET / 500);
const RESULTS = new URL('./RESULTS.md', import.meta.url).pathname;

await ensureBuild();
const built = (path) => import(new URL(`../dist/src/${path}`, import.meta.url));
const { startEmbedded } = await built('platform/embedded/index.js');
const { migrate } = await built('data-source.js');
const embedded = await startEmbedded({ dataDir: mkdtempSync(join(tmpdir(), 'rapport-bench-')), fsync: false, ephemeral: true, log: () => undefined });
try {
  await migrate(embedded.databaseUrl);
  const client = new pg.Client({ connectionString: embedded.databaseUrl });
  await client.connect();
  report(await measure((sql, params = []) => client.query(sql, params)));
  await client.end();
} finally {
  await embedded.stop();
}
process.exit();

async function measure(run) {
  await run(`select ensure_month_partition('deliveries', '2026-03-01')`);
  await run(`insert into deliveries (month, user_id, run_id, wave_id, campaign_id, chunk_id, due_at, decided_at, expires_at, counted_at, topic_id, policy_version, template_version, state, channel)
    select '2026-03-01', u, 1, 1, 1, 1 + (u / ${BUCKET}) * ${CHUNKS} + (u % ${BUCKET}) % ${CHUNKS}, now(), now(), now(), 'infinity', 1, 1, 1, 'queued', 'push' from generate_series(0, $1::integer - 1) u`, [ROWS]);
  const decided = await bytes(run);
  for (let chunk = 1; chunk <= Number(values.buckets) * CHUNKS; chunk++) {
    for (let slice = 0; slice < 5; slice++) {
      await run(`update deliveries as d set state = 'sent', settled_at = clock_timestamp(), counted_at = clock_timestamp(), template_version = 1
        from (select x.id, x.user_id from deliveries as x where x.month = '2026-03-01' and x.chunk_id = $1 and x.state = 'queued' order by x.id limit 100) as s
        where d.month = '2026-03-01' and d.user_id = s.user_id and d.id = s.id`, [chunk]);
    }
  }
  await run('select pg_stat_force_next_flush()');
  const { rows: [{ hot, updated }] } = await run(`select n_tup_hot_upd::float8 as hot, n_tup_upd::float8 as updated from pg_stat_user_tables where relname = 'deliveries_202603'`);
  return { decided, settled: await bytes(run), hot: hot / updated };
}

async function bytes(run) {
  return (await run(`select pg_total_relation_size('deliveries_202603')::float8 as n`)).rows[0].n / ROWS;
}

function report({ decided, settled, hot }) {
  const title = '## Ledger, bytes for each message';
  const head = readFileSync(RESULTS, 'utf8').includes(title) ? '' : `\n${title}\n\n| when (UTC) | messages | decided | settled | HOT | machine |\n| --- | --- | --- | --- | --- | --- |\n`;
  const row = `| ${[new Date().toISOString().slice(0, 16), ROWS, decided.toFixed(0), settled.toFixed(0), `${(hot * 100).toFixed(1)} %`, `${cpus().length} cores, load ${loadavg()[0].toFixed(1)}; ${values.note}`].join(' | ')} |`;
  appendFileSync(RESULTS, `${head}${row}\n`);
  console.log(row);
}
