/**
 * `node bench/scoring.bench.mjs [--users 1000000] [--data DIR] [--seed-only]`: a whole score refresh over HTTP on a base of buyers, in
 * the server as `npm start` runs it: how long it takes, the peak of the process's memory, and how long /health/live waits meanwhile.
 * DIR keeps the seeded database for another run. Then purchases of 10,000 users, until their scores have followed.
 */
import { appendFileSync, chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { ensureBuild } from '../scripts/lib/prepare.mjs';
import { inRoot } from '../scripts/lib/paths.mjs';
import { ready, startServer, stopServer } from './lib/server.mjs';

const KEY = 'bench-admin-key-0123456789';
const RESULTS = inRoot('bench', 'RESULTS.md');
const { values } = parseArgs({ options: { users: { type: 'string', default: '1000000' }, data: { type: 'string' }, 'seed-only': { type: 'boolean', default: false } } });
const users = Number(values.users);
const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };

const loadBefore = loadavg();
await ensureBuild();
const dataDir = values.data ?? mkdtempSync(join(tmpdir(), 'rapport-bench-'));
mkdirSync(dataDir, { recursive: true });
// As root, Postgres runs as another user.
chmodSync(dataDir, 0o711);
// ROLE=api first: a worker would begin the first refresh by itself while the base is still being made.
await withServer('api', seed);
if (!values['seed-only']) await withServer('all', measure);
if (!values.data) rmSync(dataDir, { recursive: true, force: true });

async function withServer(role, work) {
  const server = startServer(dataDir, KEY, { ROLE: role });
  const db = new pg.Client({ host: join(dataDir, 'run'), user: 'rapport', database: 'rapport' });
  try {
    const url = await ready(server);
    await db.connect();
    await work(db, url, server.pid);
  } finally {
    await db.end().catch(() => undefined);
    await stopServer(server);
  }
}

/** Two years of a shop, as the purchase model has it: every buyer with a rate and a patience of their own. */
async function seed(db) {
  const { rows: [{ n }] } = await db.query('select count(*)::int as n from users');
  if (n >= users) return;
  await db.query(`insert into users (id, user_id, created_at, updated_at) select nextval('user_id_seq'), 's' || i, now(), now() from generate_series(1, $1::int) i`, [users]);
  const { rows: [{ first }] } = await db.query('select min(id)::int as first from users');
  const { sampleBeta, sampleExponential, sampleGamma, seededUniform } = await import(new URL('../dist/src/scoring/math/index.js', import.meta.url));
  const uniform = seededUniform(7);
  const today = Math.floor(Date.now() / 86_400_000);
  const days = { users: [], days: [], sums: [] };
  for (let i = 0; i < users; i++) {
    const [rate, dropout, age] = [sampleGamma(uniform, 0.55, 70), sampleBeta(uniform, 0.8, 2.5), 1 + Math.floor(728 * uniform())];
    const spend = sampleGamma(uniform, 6, 6 / (10 + 50 * uniform()));
    let last = -1;
    for (let at = 0; at < age; at += sampleExponential(uniform, rate)) {
      const day = Math.floor(at);
      if (day > last) {
        days.users.push(first + i);
        days.days.push(new Date((today - age + day) * 86_400_000).toISOString().slice(0, 10));
        days.sums.push((spend * (0.5 + uniform())).toFixed(2));
        last = day;
      }
      if (at > 0 && uniform() < dropout) break;
    }
    if (days.users.length >= 20_000 || i === users - 1) {
      await db.query(`insert into user_event_days (user_id, name, day, currency, count, sum, first_at, last_at)
        select u, 'purchase', d, 'EUR', 1, s, d + time '10:00' at time zone 'UTC', d + time '10:00' at time zone 'UTC'
        from unnest($1::bigint[], $2::date[], $3::numeric[]) as r (u, d, s)`, [days.users, days.days, days.sums]);
      for (const list of Object.values(days)) list.length = 0;
    }
  }
  await db.query('vacuum analyze users, user_event_days');
}

async function measure(db, url, pid) {
  const { rows: [base] } = await db.query(`select count(distinct user_id)::int as buyers, count(*)::int as days from user_event_days`);
  // The worker may have found the first or the nightly refresh due; ours comes after it.
  for (;;) {
    const { rows: [{ busy }] } = await db.query(`select not pg_try_advisory_lock(hashtext('rapport'), hashtext('score-refresh')) as busy`);
    if (!busy) break;
    await rest(500);
  }
  await db.query('select pg_advisory_unlock_all()');
  const waits = [];
  let over = false;
  const watch = (async () => {
    while (!over) {
      const began = performance.now();
      await (await fetch(`${url}/health/live`)).text();
      waits.push(performance.now() - began);
      await rest(20);
    }
  })();
  const began = performance.now();
  const { jobId } = await (await fetch(`${url}/v1/scores/refresh`, { method: 'POST', headers })).json();
  let job;
  do {
    await rest(200);
    job = await (await fetch(`${url}/v1/jobs/${jobId}`, { headers })).json();
  } while (job.status === 'queued' || job.status === 'running');
  const seconds = (performance.now() - began) / 1000;
  over = true;
  await watch;
  if (job.status !== 'done') throw new Error(JSON.stringify(job));
  const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
  waits.sort((a, b) => a - b);
  const followed = await follow(db, url);
  report({ ...base, seconds, peak, waits, fit: job.result.models.value.purchases, followed });
}

/** Seconds from the answer to the last of 10 batches of purchases until all their buyers' scores have followed. */
async function follow(db, url) {
  const at = new Date().toISOString();
  const { rows: people } = await db.query('select user_id from users order by id limit 10000');
  const { rows: [{ now }] } = await db.query('select clock_timestamp() as now');
  for (let b = 0; b < 10; b++) {
    const events = people.slice(b * 1000, b * 1000 + 1000).map(({ user_id: userId }) => ({ eventId: `follow-${at}`, userId, name: 'purchase', occurredAt: at, value: 10, currency: 'EUR' }));
    await (await fetch(`${url}/v1/events`, { method: 'POST', headers, body: JSON.stringify({ events }) })).json();
  }
  const began = performance.now();
  for (;;) {
    const { rows: [{ n }] } = await db.query(`select count(*)::int as n from user_scores where as_of >= $1 and user_id in (select id from users order by id limit 10000)`, [now]);
    if (n >= people.length) return (performance.now() - began) / 1000;
    await rest(100);
  }
}

function rest(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

function report({ buyers, days, seconds, peak, waits, fit, followed }) {
  const load = (at) => at.map((n) => n.toFixed(1)).join(' ');
  const told = fit.fitted ? `fitted on ${fit.observations.toLocaleString('en-US')} buyers` : `not fitted: ${fit.detail}`;
  const text = `
## Scoring, ${new Date().toISOString().slice(0, 10)}

\`node bench/scoring.bench.mjs --users ${users}\` on ${cpus().length} × ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 1024 ** 3)} GB, Node ${process.versions.node}, embedded
Postgres with fsync on the same machine; load average ${load(loadBefore)} before, ${load(loadavg())} after. ${buyers.toLocaleString('en-US')} buyers, ${days.toLocaleString('en-US')} purchase days;
the purchase model was ${told}.

| | |
| --- | --- |
| whole refresh over HTTP, from the request to the finished job | ${seconds.toFixed(1)} s |
| peak memory of the server process | ${peak.toFixed(0)} MB |
| /health/live meanwhile: median, 99 %, longest | ${waits[Math.floor(waits.length / 2)].toFixed(1)}, ${waits[Math.floor(waits.length * 0.99)].toFixed(1)}, ${waits.at(-1).toFixed(0)} ms |
| after a purchase of each of 10,000 users: scores have followed | ${followed.toFixed(1)} s |
`;
  if (!existsSync(RESULTS)) writeFileSync(RESULTS, '# Measured\n');
  appendFileSync(RESULTS, text);
  console.log(text);
}
