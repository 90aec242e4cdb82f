// Deciding against the least that any deciding must do: a bare INSERT … SELECT of the very rows that it wrote, into the same
// partitions with the same indexes: the ledger's rows, and with every gate the terms of worth of whoever came as far. Two campaigns compete for three caps,
// with quiet hours, consent, holdout and a minimum gap.
//   node bench/deciding.bench.mjs [--users 200000] [--history 10] [--gates all] [--quiet nobody] [--passes 20] [--fsync] [--data folder] [--note "…"]
// --gates all: tiers, the adaptive limit, reservation and worth besides. --passes: buckets that one planner decides, the others are
// decided by two. --quiet: who is in quiet hours, half the users or nobody. --data: a folder that is kept with the users and the ledger in it, for the next run.
import { appendFileSync, existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { ensureBuild } from '../scripts/lib/prepare.mjs';
import { launch, placeCampaigns, placePolicy, seedWorld } from './deciding-world.mjs';

const { values } = parseArgs({ options: {
  users: { type: 'string', default: '200000' }, history: { type: 'string', default: '10' }, gates: { type: 'string', default: 'usual' }, quiet: { type: 'string', default: 'half' },
  passes: { type: 'string', default: '10' }, fsync: { type: 'boolean', default: false }, data: { type: 'string' }, note: { type: 'string', default: '' } } });
const [USERS, HISTORY, PASSES] = [Number(values.users), Number(values.history), Number(values.passes)];
const FULL = values.gates === 'all';
const BUCKET = 16_384;
// Below are the seeded ledger's runs, above those of the bare INSERTs.
const OF_A_PASS = 'run_id between 2000001 and 2999999';
const LONGEST_TRANSACTION_MS = 2_000;
const RESULTS = new URL('./RESULTS.md', import.meta.url).pathname;

await ensureBuild();
const built = (path) => import(new URL(`../dist/src/${path}`, import.meta.url));
const { startEmbedded } = await built('platform/embedded/index.js');
const { migrate } = await built('data-source.js');
const embedded = await startEmbedded({
  dataDir: values.data ?? mkdtempSync(join(tmpdir(), 'rapport-bench-')), fsync: values.fsync, sharedBuffers: '4GB', ephemeral: values.data === undefined, log: () => undefined });
embedded.onFailure((failure) => fail(new Error(`the servers are gone: ${JSON.stringify(failure)}`)));
// A fault is shown with its stack, wherever it comes from, before anything is stopped.
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
function fail(error) {
  console.error('the bench failed:', error);
  process.exit(1);
}

try {
  await main();
} catch (error) {
  console.error('the bench failed:', error);
  process.exitCode = 1;
}
await embedded.stop();
process.exit();

async function main() {
  await migrate(embedded.databaseUrl);
  const client = new pg.Client({ connectionString: embedded.databaseUrl });
  client.on('error', (error) => console.error('the connection of the bench:', error));
  await client.connect();
  const run = (sql, params = []) => client.query(sql, params);
  if ((await run('select count(*)::integer as n from users')).rows[0].n !== USERS) await seedWorld(run, { users: USERS, messages: HISTORY, log: console.log });
  else await forgetDecisions(run);
  await placePolicy(run, { full: FULL, quiet: values.quiet });
  const app = await startApp();
  try {
    report(await measure(app, run));
  } finally {
    await app.close();
    await client.end();
  }
}

/** What an earlier run on the same folder decided. */
async function forgetDecisions(run) {
  await run(`select ensure_month_partition('decision_worth', date_trunc('month', clock_timestamp() at time zone 'UTC')::date)`);
  const { rowCount } = await run('delete from deliveries where run_id > 2000000');
  await run(`delete from campaigns where name <> 'old'`);
  await run('truncate chunks, decision_worth, wave_buckets cascade');
  if (rowCount > 0) await run('vacuum analyze deliveries');
}

async function startApp() {
  const [{ createHttpApp }, { loadConfig }, { SystemClock }, { SystemRandom }] = await Promise.all([
    built('http-app.js'), built('platform/config/index.js'), built('platform/clock/index.js'), built('platform/random/index.js')]);
  const app = await createHttpApp({
    config: loadConfig({ ADMIN_API_KEY: 'bench-admin-key-0123456789', DATABASE_URL: 'postgres://unused/db', REDIS_URL: embedded.redisUrl }),
    clock: new SystemClock(), random: new SystemRandom(), databaseUrl: embedded.databaseUrl, redisUrl: embedded.redisUrl, redisPrefix: 'bench', automatic: false,
  }, false);
  await app.init();
  return app;
}

async function measure(app, run) {
  const [{ BucketPass }, { Simulator }] = await Promise.all([built('planning/bucket-pass.js'), built('planning/simulate.js')]);
  const [pass, simulator] = [app.get(BucketPass), app.get(Simulator)];
  const [high, low] = await placeCampaigns(run, { full: FULL });
  await launch(run, high);
  const { rows: [{ last }] } = await run('select (max(id) >> 14)::integer as last from users');
  const buckets = Array.from({ length: last + 1 }, (_, i) => i);

  // The lower one while the higher one is due: it decides what the passes below decide.
  const simulated = (await timed(() => simulator.simulate(String(low)))) / buckets.length;
  await launch(run, low);
  await pass.run(0); // warm
  const alone = [];
  for (const bucket of buckets.slice(1, PASSES + 1)) alone.push({ ms: await timed(() => pass.run(bucket)), ...(await bare(run, bucket)) });

  const queue = buckets.slice(PASSES + 1);
  const before = await count(run);
  const lengths = [];
  const together = await timed(() => Promise.all([1, 2].map(async () => {
    for (let bucket = queue.shift(); bucket !== undefined; bucket = queue.shift()) {
      const mine = bucket;
      lengths.push(await timed(() => pass.run(mine)));
    }
  })));
  const { rows: outcomes } = await run(`select state || coalesce(' ' || reason, '') as outcome, count(*)::integer as n from deliveries where ${OF_A_PASS} group by 1 order by 2 desc`);
  return { alone, together, decisions: (await count(run)) - before, longest: Math.max(...lengths, ...alone.map(({ ms }) => ms)), simulated, outcomes };
}

/** Everything that a pass wrote for the users of a bucket once more, as another run's; committed, as the pass is. */
async function bare(run, bucket) {
  await run('begin');
  const decided = await again(run, 'deliveries', 'run_id = run_id + 1000000, id = id + 1000000000', bucket);
  const terms = await again(run, 'decision_worth', 'run_id = run_id + 1000000', bucket);
  const commit = await timed(() => run('commit'));
  return { bareMs: decided.ms + terms.ms + commit, rows: decided.rows };
}

async function again(run, table, changes, bucket) {
  const same = `same_${table}`;
  await run(`create temporary table ${same} on commit drop as select * from ${table} as d where d.${OF_A_PASS} and d.user_id >= $1 and d.user_id < $2`, [bucket * BUCKET, (bucket + 1) * BUCKET]);
  const { rows: [{ n: rows }] } = await run(`select count(*)::integer as n from ${same}`);
  if (rows === 0) return { ms: 0, rows };
  await run(`update ${same} set ${changes}`);
  await run(`analyze ${same}`);
  const { rows: [{ columns }] } = await run(`select string_agg(quote_ident(attname), ', ' order by attnum) as columns from pg_attribute where attrelid = '${table}'::regclass and attnum > 0 and attgenerated = '' and not attisdropped`);
  return { ms: await timed(() => run(`insert into ${table} (${columns}) select ${columns} from ${same} order by run_id, user_id`)), rows };
}

async function count(run) {
  return (await run(`select count(*)::integer as n from deliveries where ${OF_A_PASS}`)).rows[0].n;
}

async function timed(work) {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function report({ alone, together, decisions, longest, simulated, outcomes }) {
  const sum = (of) => alone.reduce((total, one) => total + of(one), 0);
  const [rows, ms, bareMs] = [sum((p) => p.rows), sum((p) => p.ms), sum((p) => p.bareMs)];
  const row = [
    new Date().toISOString().slice(0, 16), `${USERS} × ${HISTORY}, ${FULL ? 'every gate' : 'usual gates'}${values.quiet === 'half' ? '' : ', nobody in quiet hours'}`, `${(ms / bareMs).toFixed(2)}×`, `${Math.round((rows / ms) * 1000)}/s`,
    `${Math.round((rows / bareMs) * 1000)}/s`, decisions > 0 ? `${Math.round((decisions / together) * 1000)}/s` : '–', `${Math.round(longest)} ms`,
    `${(simulated / (ms / alone.length)).toFixed(2)}×`, `${cpus().length} cores, load ${loadavg()[0].toFixed(1)}, fsync ${values.fsync ? 'on' : 'off'}; ${values.note}`];
  console.log(outcomes.map(({ outcome, n }) => `${outcome}: ${n}`).join(', '));
  console.log(row.join(' | '));
  if (longest > LONGEST_TRANSACTION_MS) console.error(`a pass took ${Math.round(longest)} ms, more than ${LONGEST_TRANSACTION_MS}`);
  const title = `## Deciding, ${row[0].slice(0, 10)}`;
  const known = existsSync(RESULTS) ? readFileSync(RESULTS, 'utf8') : '# Measured\n';
  const head = known.includes(title) ? '' : `\n${title}\n\n| when (UTC) | users × history | pass : bare INSERT | one planner | bare INSERT | two planners | longest pass | simulate : pass | machine |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n`;
  appendFileSync(RESULTS, `${head}| ${row.join(' | ')} |\n`);
}
