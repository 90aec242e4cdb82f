// Deciding against the least that any deciding must do: a bare INSERT … SELECT of the very rows that it wrote, into the same
// partition with the same indexes. Two campaigns compete for three caps, with quiet hours, consent, holdout and a minimum gap.
//   node bench/deciding.bench.mjs [--users 200000] [--history 10] [--note "…"]
import { appendFileSync, existsSync, mkdtempSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuild } from '../scripts/lib/prepare.mjs';

const { values } = parseArgs({ options: { users: { type: 'string', default: '200000' }, history: { type: 'string', default: '10' }, note: { type: 'string', default: '' } } });
const [USERS, HISTORY] = [Number(values.users), Number(values.history)];
const BUCKET = 16_384;
const RESULTS = new URL('./RESULTS.md', import.meta.url).pathname;

await ensureBuild();
const built = (path) => import(new URL(`../dist/src/${path}`, import.meta.url));
const { startEmbedded } = await built('platform/embedded/index.js');
const { migrate } = await built('data-source.js');
const embedded = await startEmbedded({ dataDir: mkdtempSync(join(tmpdir(), 'rapport-bench-')), fsync: false, sharedBuffers: '512MB', ephemeral: true, log: () => undefined });
try {
  await migrate(embedded.databaseUrl);
  const [{ createHttpApp }, { loadConfig }, { SystemClock }, { SystemRandom }, { PlannerDatabase }, { BucketPass }, { Simulator }] = await Promise.all([
    built('http-app.js'), built('platform/config/index.js'), built('platform/clock/index.js'), built('platform/random/index.js'),
    built('platform/database/index.js'), built('planning/bucket-pass.js'), built('planning/simulate.js')]);
  const app = await createHttpApp({
    config: loadConfig({ ADMIN_API_KEY: 'bench-admin-key-0123456789', DATABASE_URL: 'postgres://unused/db', REDIS_URL: embedded.redisUrl }),
    clock: new SystemClock(), random: new SystemRandom(), databaseUrl: embedded.databaseUrl, redisUrl: embedded.redisUrl, redisPrefix: 'bench', automatic: false,
  }, false);
  await app.init();
  const db = app.get(PlannerDatabase);
  const client = await db.pool.connect();
  await client.query('set statement_timeout = 0; set idle_in_transaction_session_timeout = 0');
  client.on('error', (error) => console.error(error.message));
  await seed(client);
  const result = await measure(app.get(BucketPass), app.get(Simulator), client);
  client.release();
  report(result);
  await app.close();
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await embedded.stop();
}
process.exit();

async function seed(client) {
  const run = (sql, params = []) => client.query(sql, params);
  console.log(`seeding ${USERS} users with ${HISTORY} messages each over 60 days …`);
  await run(`select ensure_month_partition('deliveries', (date_trunc('month', clock_timestamp() at time zone 'UTC') - m * interval '1 month')::date) from generate_series(0, 3) m`);
  await run(`insert into users (id, user_id, timezone, created_at) select nextval('user_id_seq'), 'user-' || n,
    (array['Europe/Berlin', 'America/New_York', 'Asia/Tokyo', 'Asia/Kathmandu', 'UTC', null])[1 + n % 6], now() from generate_series(1, $1::integer) n`, [USERS]);
  await run(`insert into devices (token_hash, token, user_id, platform, permission, last_seen_at)
    select sha256(user_id::bytea), user_id, id, 'android', case when id % 20 = 0 then 'denied' else 'granted' end, now() - (id % 40) * interval '1 day' from users where id % 50 <> 0`);
  await run(`insert into topics (key, name) values ('promo', '{}'), ('news', '{}')`);
  await run(`insert into subscriptions (user_id, channel, topic, state, occurred_at) select id, 'push', 'promo', 'unsubscribed', now() from users where id % 12 = 0`);
  await run(`insert into segments (key, name, static) values ('most', 'Most', true), ('half', 'Half', true)`);
  await run(`insert into segment_members (segment_id, user_id, entered_at) select s.id, u.id, now() from segments s, users u where (s.key = 'most' and u.id % 10 <> 0) or (s.key = 'half' and u.id % 2 = 0)`);
  await run(`insert into deliveries (month, user_id, run_id, wave_id, campaign_id, chunk_id, due_at, decided_at, expires_at, counted_at, settled_at, topic_id, policy_version, state, channel)
    select date_trunc('month', x.at at time zone 'UTC')::date, u.id, -n, 0, 0, 1, x.at, x.at, x.at, x.at, x.at, 1 + n % 2, 0, 'sent', 'push'
    from users u, generate_series(1, $1::integer) n, lateral (select now() - ((hashint8(u.id * 100 + n)::bigint & 2147483647) % 86400) * interval '60 second' as at) x`, [HISTORY]);
  await run(`insert into templates (key, channel, version) values ('t', 'push', 1)`);
  await run(`insert into fatigue_policies (version, policy, created_by) values (1, $1, 'bench')`, [JSON.stringify({
    caps: [
      { key: 'day', channel: 'push', limit: 1, window: { type: 'rolling', duration: 'PT24H' } },
      { key: 'week', channel: 'any', limit: 4, window: { type: 'calendar', unit: 'week', timezone: 'user' } },
      { key: 'promo', channel: 'any', topic: 'promo', limit: 2, window: { type: 'rolling', duration: 'P7D' } }],
    minimumGap: [{ channel: 'push', duration: 'PT4H' }],
    quietHours: [{ channel: 'push', start: '22:00', end: '08:00', days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] }],
    tiers: [], adaptive: { enabled: false, unopenedStreak: 5, factor: 0.5, floor: 1 } })]);
  for (const [i, segment] of [[1, 'most'], [2, 'half']]) {
    const definition = {
      name: segment, channel: 'push', topic: 'promo', class: 'marketing', tags: [], audience: { include: [segment], exclude: [] },
      variants: [{ key: 'a', template: 't', weight: 1 }], holdout: 0.1, priority: 50 + i, reserve: false, ignoreCaps: false,
      schedule: { type: 'now' }, onFatigue: 'drop', expiresAfter: 'PT24H', onDoubt: 'skip' };
    await run(`insert into campaigns (name, status, channel, transactional, topic_id, priority, definition, salt, launched_at) values ($1, 'running', 'push', false, 1, $2, $3, $1, now())`, [segment, 50 + i, JSON.stringify(definition)]);
  }
  await run(`insert into runs (campaign_id, scheduled_for, month, expires_at) select id, now(), date_trunc('month', now() at time zone 'UTC')::date, now() + interval '1 day' from campaigns`);
  await run(`insert into waves (run_id, campaign_id, due_at) select id, campaign_id, scheduled_for from runs`);
  await run('vacuum analyze');
}

async function measure(pass, simulator, client) {
  const { rows: [{ max }] } = await client.query('select max(id)::integer as max from users');
  const buckets = Array.from({ length: Math.floor(max / BUCKET) + 1 }, (_, i) => i);
  const rules = await client.query(`select id from campaigns order by id`);
  void rules;
  const [warm, ...rest] = buckets;
  await pass.run(warm);
  const passes = [];
  for (const bucket of rest.slice(0, Math.ceil(rest.length / 2))) {
    const decided = await timed(() => pass.run(bucket));
    passes.push({ bucket, ms: decided, ...(await bare(client, bucket)) });
  }
  const left = rest.slice(Math.ceil(rest.length / 2));
  const before = await count(client);
  const queue = [...left];
  const together = await timed(() => Promise.all([1, 2].map(async () => {
    for (let bucket = queue.shift(); bucket !== undefined; bucket = queue.shift()) await pass.run(bucket);
  })));
  const decisions = (await count(client)) - before;
  // A third campaign like the second, simulated over everybody.
  const { rows: [copy] } = await client.query(`insert into campaigns (name, channel, transactional, topic_id, priority, definition, salt) select 'copy', channel, transactional, topic_id, priority, definition, 'copy' from campaigns where name = 'half' returning id`);
  const simulated = await timed(() => simulator.simulate(String(copy.id)));
  return { passes, together, decisions, simulated, buckets: buckets.length };
}

async function bare(client, bucket) {
  await client.query('begin');
  await client.query(`create temporary table same on commit drop as select d.* from deliveries d where d.campaign_id > 0 and d.user_id >= $1 and d.user_id < $2`, [bucket * BUCKET, (bucket + 1) * BUCKET]);
  await client.query('update same set run_id = run_id + 1000000, id = id + 1000000000');
  await client.query('analyze same');
  const ms = await timed(() => client.query('insert into deliveries select * from same order by run_id, user_id'));
  const { rows: [{ n }] } = await client.query('select count(*)::integer as n from same');
  await client.query('rollback');
  return { bareMs: ms, rows: n };
}

async function count(client) {
  return (await client.query('select count(*)::integer as n from deliveries where campaign_id > 0')).rows[0].n;
}

async function timed(work) {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function report({ passes, together, decisions, simulated, buckets }) {
  const sum = (of) => passes.reduce((total, pass) => total + of(pass), 0);
  const [rows, ms, bareMs] = [sum((p) => p.rows), sum((p) => p.ms), sum((p) => p.bareMs)];
  const longest = Math.max(...passes.map((p) => p.ms));
  const line = `| ${new Date().toISOString().slice(0, 16)} | ${USERS} × ${HISTORY} | ${(ms / bareMs).toFixed(2)}× | ${Math.round((rows / ms) * 1000)}/s | ${Math.round((rows / bareMs) * 1000)}/s | `
    + `${Math.round((decisions / together) * 1000)}/s | ${Math.round(longest)} ms | ${Math.round(simulated / buckets)} ms | ${cpus().length} cores; ${values.note} |`;
  if (!existsSync(RESULTS)) {
    appendFileSync(RESULTS, '# Measured\n\n');
  }
  appendFileSync(RESULTS, `\n## Deciding, ${new Date().toISOString().slice(0, 10)}\n\n| when (UTC) | users × history | pass : bare INSERT | one planner | bare INSERT | two planners | longest pass | simulate, a bucket | machine |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n${line}\n`);
  console.log(line);
}
