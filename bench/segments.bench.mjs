/**
 * `node bench/segments.bench.mjs [--users 1000000] [--seconds 30] [--rate 2000]`: a segment of two conditions over all users against the
 * count that somebody would write by hand, in the same Postgres; and how long after its request an event shows in the stored
 * membership, with events over HTTP at a steady rate and five segments that they concern.
 */
import { appendFileSync, chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { ensureBuild } from '../scripts/lib/prepare.mjs';
import { inRoot } from '../scripts/lib/paths.mjs';
import { ready, startServer, stopServer } from './lib/server.mjs';

const KEY = 'bench-admin-key-0123456789';
const BATCH = 500;
const ROUNDS = 3;
const { values } = parseArgs({ options: { users: { type: 'string', default: '1000000' }, seconds: { type: 'string', default: '30' }, rate: { type: 'string', default: '2000' } } });
const [USERS, SECONDS, RATE] = [Number(values.users), Number(values.seconds), Number(values.rate)];
const RULE = { all: [{ attribute: 'plan', op: 'eq', value: 'gold' }, { event: 'purchase', within: 'P90D', aggregate: 'sum', op: 'gte', value: 100 }] };
const BY_HAND = `
  select count(*) from users u
  join (select user_id from user_event_days where name = 'purchase' and currency in ('', 'EUR') and day > current_date - 90
    group by user_id having sum(sum) >= 100) s on s.user_id = u.id
  where u.attributes ->> 'plan' = 'gold'`;

await ensureBuild();
const dataDir = mkdtempSync(join(tmpdir(), 'rapport-bench-'));
// As root, Postgres runs as another user.
chmodSync(dataDir, 0o711);
const server = startServer(dataDir, KEY);
const pool = new pg.Pool({ host: join(dataDir, 'run'), user: 'rapport', database: 'rapport', max: 3 });
pool.on('error', () => undefined);
try {
  const url = await ready(server);
  const loadBefore = loadavg();
  await seed();
  const counting = await compareCounts();
  const built = await makeSegments(url);
  const lags = await followed(url);
  report({ counting, built, lags, loadBefore });
} finally {
  await pool.end();
  await stopServer(server);
  rmSync(dataDir, { recursive: true, force: true });
}

/** Every second user bought, on six days of the last year. */
async function seed() {
  console.log(`seeding ${USERS} users and ${USERS * 3} days with a purchase …`);
  await pool.query(`insert into users (id, user_id, attributes, created_at) select nextval('user_id_seq'), 'user-' || n,
    jsonb_build_object('plan', (array['gold', 'silver', 'free'])[1 + n % 3], 'age', 20 + n % 60), now() - (n % 700) * interval '1 day' from generate_series(1, $1::int) n`, [USERS]);
  await pool.query(`insert into user_event_days (user_id, name, day, count, sum, first_at, last_at)
    select x.id, 'purchase', (x.at at time zone 'UTC')::date, 1, 10 + x.id % 90, x.at, x.at
    from (select u.id, now() - ((u.id * 37 + k * 61) % 365) * interval '1 day' - interval '1 hour' as at from users u, generate_series(1, 6) k where u.id % 2 = 0) x
    on conflict do nothing`);
  await pool.query('vacuum analyze users, user_event_days');
}

async function compareCounts() {
  const at = (path) => import(new URL(`../dist/src/${path}`, import.meta.url));
  const [{ compileRule }, { parseRule }, { bindNow }, { STATED_PRIORS }] = await Promise.all([
    at('segments/segment-compiler.js'), at('segments/segment-rule.js'), at('segments/segment-predicates.js'), at('scoring/index.js')]);
  const env = { settings: { currency: 'EUR', consent: { push: 'optOut', email: 'optOut' }, staleDeviceAfter: 'P30D' }, segments: new Map(), priors: { push: STATED_PRIORS, email: STATED_PRIORS }, shape: 'set' };
  const { sql, params } = compileRule(parseRule(RULE).rule, env, 1);
  const client = await pool.connect();
  const [byHand, byRule] = [[], []];
  try {
    for (let round = 0; round <= ROUNDS; round++) {
      byHand.push(await timed(() => client.query(BY_HAND)));
      await client.query(`begin; set local enable_nestloop = off; set local work_mem = '64MB'; set local jit = off`);
      byRule.push(await timed(() => client.query(`select count(*) from users u where ${sql}`, bindNow(params, new Date()))));
      await client.query('commit');
    }
  } finally {
    client.release();
  }
  // The first round of each warms the cache.
  return { byHand: median(byHand.slice(1)), byRule: median(byRule.slice(1)) };
}

/** The one measured above and four more that the events below concern. */
async function makeSegments(url) {
  const rules = {
    golden: RULE, today: { event: 'purchase', within: 'P1D' }, thrice: { event: 'purchase', within: 'P365D', op: 'gte', value: 3 },
    lapsed: { event: 'purchase', aggregate: 'daysSinceLast', op: 'gte', value: 30 }, both: { all: [{ segment: 'today' }, { not: { segment: 'lapsed' } }] },
  };
  const builds = {};
  for (const [key, rule] of Object.entries(rules)) builds[key] = (await call(url, '/v1/segments', { key, name: key, rule })).buildMs;
  builds.preview = Math.round(await timed(() => call(url, '/v1/segments/preview', { rule: RULE })));
  // They are evaluated once more after their making: not part of what is measured.
  while ((await pool.query('select from segments where rebuild_cause is not null')).rowCount > 0) await pause(200);
  return builds;
}

/** Each event is the first purchase of a user who never bought: one entry into `today` each. @returns sorted lags in ms */
async function followed(url) {
  const sentAt = new Map();
  const lags = [];
  let after = (await pool.query('select coalesce(max(id), 0) as id from segment_changes')).rows[0].id;
  let sent = 0;
  const watch = async () => {
    const { rows } = await pool.query(`select c.id, c.user_id from segment_changes c join segments s on s.id = c.segment_id
      where c.id > $1 and s.key = 'today' and c.entered order by c.id limit 20000`, [after]);
    const seen = performance.now();
    for (const { id, user_id: user } of rows) {
      after = id;
      lags.push(seen - sentAt.get(Number(user)));
    }
  };
  const ids = (await pool.query('select id, user_id from users where id % 2 = 1 order by id limit $1', [RATE * SECONDS])).rows;
  const began = performance.now();
  const calls = [];
  for (let i = 0; i * BATCH < ids.length; i++) {
    const due = began + (i * BATCH * 1000) / RATE;
    while (performance.now() < due) {
      await watch();
      await pause(Math.max(1, Math.min(50, due - performance.now())));
    }
    const rows = ids.slice(i * BATCH, (i + 1) * BATCH);
    const at = performance.now();
    for (const { id } of rows) sentAt.set(Number(id), at);
    sent += rows.length;
    calls.push(call(url, '/v1/events', { events: rows.map(({ user_id: userId }) => ({ userId, eventId: `b-${userId}`, name: 'purchase', occurredAt: new Date().toISOString(), value: 50, currency: 'EUR' })) }));
  }
  await Promise.all(calls);
  const took = (performance.now() - began) / 1000;
  for (const end = performance.now() + 60_000; lags.length < sent && performance.now() < end; await pause(50)) await watch();
  if (lags.length !== sent) throw new Error(`${sent - lags.length} of ${sent} events never showed`);
  return { rate: sent / took, lags: lags.sort((a, b) => a - b) };
}

async function call(url, path, body) {
  const answer = await fetch(url + path, { method: 'POST', headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const told = await answer.json();
  if (answer.status >= 300 || told.rejected?.length > 0) throw new Error(`${path}: ${answer.status} ${JSON.stringify(told).slice(0, 300)}`);
  return told;
}

async function timed(work) {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

function median(list) {
  return [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
}

function report({ counting: { byHand, byRule }, built, lags: { rate, lags }, loadBefore }) {
  const seconds = (q) => (lags[Math.min(lags.length - 1, Math.floor(q * lags.length))] / 1000).toFixed(2);
  const load = (at) => at.map((n) => n.toFixed(1)).join(' ');
  const text = `
## Segments, ${new Date().toISOString().slice(0, 10)}

\`node bench/segments.bench.mjs --users ${USERS} --seconds ${SECONDS} --rate ${RATE}\` on ${cpus().length} × ${cpus()[0].model.trim()},
${Math.round(totalmem() / 1024 ** 3)} GB, Node ${process.versions.node}, embedded Postgres with fsync on the same machine; load average ${load(loadBefore)} before, ${load(loadavg())} after.

| | |
| --- | --- |
| two conditions over ${USERS} users, compiled | ${Math.round(byRule)} ms |
| the count written by hand | ${Math.round(byHand)} ms |
| ratio (at most 3) | ${(byRule / byHand).toFixed(2)} |
| preview with reach | ${built.preview} ms |
| building ${Object.entries(built).filter(([key]) => key !== 'preview').map(([key]) => key).join(', ')} | ${Object.entries(built).filter(([key]) => key !== 'preview').map(([, ms]) => ms).join(', ')} ms |
| events over HTTP, five segments that they concern | ${Math.round(rate)}/s for ${SECONDS} s |
| from the request to the stored membership: p50, p99, max (at most 5 s) | ${seconds(0.5)}, ${seconds(0.99)}, ${seconds(1)} s |
`;
  appendFileSync(inRoot('bench', 'RESULTS.md'), text);
  console.log(text);
}
