/**
 * `node bench/ingest.bench.mjs [--events 60000] [--users 10000] [--import 50000]`: events and users over HTTP at 1,000 a call and
 * 4 calls at a time, an import of a file, and two floors by a bare insert of Node into the same tables of the same Postgres: the raw
 * events alone, and every row that storing them writes (their keys and the daily aggregates besides).
 */
import { appendFileSync, chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { ReadableStream } from 'node:stream/web';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { ensureBuild } from '../scripts/lib/prepare.mjs';
import { inRoot } from '../scripts/lib/paths.mjs';
import { ready, startServer, stopServer } from './lib/server.mjs';

const KEY = 'bench-admin-key-0123456789';
const BATCH = 1_000;
const LANES = 4;
const WARM = 10_000;
const BARE = `insert into events (month, user_id, occurred_at, name, event_id, value, currency, properties, received_at)
  select r.*, $9 from unnest($1::date[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::numeric[], $7::text[], $8::jsonb[]) as r`;
const BARE_WHOLE = `with raw as (${BARE}),
  keys as (insert into event_keys (user_id, event_id) select * from unnest($2::bigint[], $5::text[]))
  insert into user_event_days (user_id, name, day, currency, count, sum, first_at, last_at)
  select * from unnest($10::bigint[], $11::text[], $12::date[], $13::text[], $14::integer[], $15::numeric[], $16::timestamptz[], $17::timestamptz[])`;
const RESULTS = inRoot('bench', 'RESULTS.md');
const HEADER = `# Measured

Figures with the command, the machine and its load that they came from; the newest last. A loaded machine shows in the load average:
compare ratios of one run rather than rates of two.
`;

const { values } = parseArgs({ options: { events: { type: 'string', default: '60000' }, users: { type: 'string', default: '10000' }, import: { type: 'string', default: '50000' } } });
const counts = { events: Number(values.events), users: Number(values.users), import: Number(values.import) };
const loadBefore = loadavg();
await ensureBuild();
const dataDir = mkdtempSync(join(tmpdir(), 'rapport-bench-'));
// As root, Postgres runs as another user.
chmodSync(dataDir, 0o711);
const server = startServer(dataDir, KEY);
try {
  const url = await ready(server);
  // Both are measured warm: what a server does for years, not in its first second.
  await inLanes(bodiesOf('events', batchesOf(WARM, (i) => ({ ...event(i), eventId: `w${i}` }))), (body) => post(url, '/v1/events', body));
  const sent = batchesOf(counts.events, event);
  const bodies = bodiesOf('events', sent);
  const events = await timed(counts.events, () => inLanes(bodies, (body) => post(url, '/v1/events', body)));
  const bare = await bareInsert(sent, 'raw', { text: BARE, values: rawValues });
  const whole = await bareInsert(sent, 'whole', { text: BARE_WHOLE, values: (list, ids, mark) => [...rawValues(list, ids, mark), ...dayValues(list, ids, mark)] });
  const profiles = bodiesOf('users', batchesOf(counts.users, user));
  const users = await timed(counts.users, () => inLanes(profiles, (body) => post(url, '/v1/users/batch', body)));
  const people = await timed(counts.import, () => importFile(url, 'users', 'userId,email,timezone,attributes.plan,token,platform', person));
  const orders = await timed(counts.import, () => importFile(url, 'transactions', 'user,time,value,id', order));
  report({ events, bare, whole, users, people, orders });
} finally {
  await stopServer(server);
  rmSync(dataDir, { recursive: true, force: true });
}

/** A year of a shop: 20 % of the rows are purchases, ten events a user. */
function event(i) {
  const at = new Date(Date.UTC(2026, 9, 1) - (i * 7_919 % 300) * 86_400_000 + i % 86_400).toISOString();
  const purchase = i % 5 === 0;
  return {
    eventId: `e${i}`, userId: `u${i % Math.ceil(counts.events / 10)}`, name: purchase ? 'purchase' : 'view', occurredAt: at,
    ...(purchase ? { value: (i % 100) + 0.5, currency: 'EUR' } : {}), properties: { sku: `s${i % 1000}`, position: i % 20 },
  };
}

function user(i) {
  return {
    userId: `p${i}`, email: `p${i}@example.com`, timezone: 'Europe/Berlin', locale: 'de', attributes: { plan: i % 3 ? 'free' : 'gold', age: 20 + i % 60 },
    devices: [{ token: `token-${i}-${'x'.repeat(120)}`, platform: i % 2 ? 'android' : 'ios' }],
  };
}

function batchesOf(n, make) {
  return Array.from({ length: Math.ceil(n / BATCH) }, (_, b) => Array.from({ length: Math.min(BATCH, n - b * BATCH) }, (_, i) => make(b * BATCH + i)));
}

/** Written out beforehand: what a client's JSON costs is not the server's, and both share these cores. */
function bodiesOf(field, batches) {
  return batches.map((rows) => JSON.stringify({ [field]: rows }));
}

async function inLanes(batches, work) {
  const left = [...batches];
  await Promise.all(Array.from({ length: LANES }, async () => {
    for (let batch = left.shift(); batch; batch = left.shift()) await work(batch);
  }));
}

async function post(url, path, body) {
  const answer = await fetch(url + path, { method: 'POST', headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }, body });
  const told = await answer.json();
  if (answer.status !== 200 || told.rejected.length > 0) throw new Error(`${path}: ${answer.status} ${JSON.stringify(told).slice(0, 300)}`);
}

/**
 * The least that any store of these rows has to do: the same rows once more into the same tables, by one statement a thousand, each
 * durable. No check, no ids of users, nothing looked up, nobody told.
 */
async function bareInsert(batches, name, { text, values }) {
  const pool = new pg.Pool({ host: join(dataDir, 'run'), user: 'rapport', database: 'rapport', max: LANES });
  const { rows } = await pool.query('select id::text, user_id from users');
  const ids = new Map(rows.map((row) => [row.user_id, row.id]));
  const insert = (lists, mark) => inLanes(lists.map((list, n) => [list, `${name}-${mark}-${n}`]), ([list, own]) => pool.query({ name, text, values: values(list, ids, own) }));
  try {
    await insert(batches.slice(0, WARM / BATCH), 'warm');
    return await timed(counts.events, () => insert(batches, 'bare'));
  } finally {
    await pool.end();
  }
}

function rawValues(list, ids, mark) {
  return [
    list.map((r) => `${r.occurredAt.slice(0, 7)}-01`), list.map((r) => ids.get(r.userId)), list.map((r) => r.occurredAt), list.map((r) => r.name),
    list.map((r) => `${mark}-${r.eventId}`), list.map((r) => r.value ?? null), list.map((r) => r.currency ?? null), list.map((r) => JSON.stringify(r.properties)),
    new Date(),
  ];
}

/** A row for each user, name, day and currency of the batch; names of its own, since a plain insert cannot add to what is there. */
function dayValues(list, ids, mark) {
  const days = new Map();
  for (const r of list) {
    const key = `${r.userId} ${r.name} ${r.occurredAt.slice(0, 10)} ${r.currency ?? ''}`;
    const day = days.get(key) ?? { ...r, count: 0, sum: 0, first: r.occurredAt, last: r.occurredAt };
    days.set(key, { ...day, count: day.count + 1, sum: day.sum + (r.value ?? 0), first: r.occurredAt < day.first ? r.occurredAt : day.first, last: r.occurredAt > day.last ? r.occurredAt : day.last });
  }
  const of = (read) => [...days.values()].map(read);
  return [of((d) => ids.get(d.userId)), of((d) => `${mark}-${d.name}`), of((d) => d.occurredAt.slice(0, 10)), of((d) => d.currency ?? ''), of((d) => d.count), of((d) => d.sum), of((d) => d.first), of((d) => d.last)];
}

function person(i) {
  return `b${i},b${i}@example.com,Europe/Berlin,${i % 3 ? 'free' : 'gold'},import-${i}-${'x'.repeat(120)},android`;
}

/** Two years of orders, five a buyer. */
function order(i) {
  return `b${i % Math.ceil(counts.import / 5)},${new Date(Date.UTC(2024, 10, 1) + (i * 7_919 % 700) * 86_400_000).toISOString()},${i % 100},o${i}`;
}

async function importFile(url, type, header, line) {
  const headers = { authorization: `Bearer ${KEY}` };
  const made = await (await fetch(`${url}/v1/imports`, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify({ type, format: 'csv' }) })).json();
  const sent = await fetch(`${url}/v1/imports/${made.id}/file`, { method: 'PUT', headers: { ...headers, 'content-type': 'text/csv' }, body: ReadableStream.from(file(header, line)), duplex: 'half' });
  if (!sent.ok) throw new Error(`the upload: ${sent.status} ${await sent.text()}`);
  for (;;) {
    const found = await (await fetch(`${url}/v1/imports/${made.id}`, { headers })).json();
    if (found.status === 'done' && found.accepted === counts.import) return;
    if (found.status === 'failed' || found.status === 'done') throw new Error(JSON.stringify(found));
    await new Promise((next) => setTimeout(next, 50));
  }
}

/** In pieces: two million lines would be one text of 400 MB. */
async function* file(header, line) {
  yield Buffer.from(`${header}\n`);
  for (let from = 0; from < counts.import; from += BATCH) {
    yield Buffer.from(Array.from({ length: Math.min(BATCH, counts.import - from) }, (_, i) => `${line(from + i)}\n`).join(''));
  }
}

/** @returns rows a second */
async function timed(rows, work) {
  const began = performance.now();
  await work();
  return rows / ((performance.now() - began) / 1000);
}

function report({ events, bare, whole, users, people, orders }) {
  const rate = (n) => `${Math.round(n).toLocaleString('en-US')}/s`;
  const load = (at) => at.map((n) => n.toFixed(1)).join(' ');
  const text = `
## Ingest, ${new Date().toISOString().slice(0, 10)}

\`node bench/ingest.bench.mjs --events ${counts.events} --users ${counts.users} --import ${counts.import}\` on ${cpus().length} × ${cpus()[0].model.trim()},
${Math.round(totalmem() / 1024 ** 3)} GB, Node ${process.versions.node}, embedded Postgres with fsync on the same machine; load average ${load(loadBefore)} before, ${load(loadavg())} after.

| | rows | rate |
| --- | --- | --- |
| events over HTTP, ${BATCH} a call, ${LANES} at a time | ${counts.events} | ${rate(events)} |
| the raw events alone, bare insert from Node | ${counts.events} | ${rate(bare)} |
| ratio | | ${(events / bare).toFixed(2)} |
| all rows that storing them writes, bare insert from Node | ${counts.events} | ${rate(whole)} |
| ratio | | ${(events / whole).toFixed(2)} |
| users with a device over HTTP, ${BATCH} a call, ${LANES} at a time | ${counts.users} | ${rate(users)} |
| import of users with a token (CSV) | ${counts.import} | ${rate(people)} |
| import of orders (CSV, two years, 5 a buyer) | ${counts.import} | ${rate(orders)} |
`;
  if (!existsSync(RESULTS)) writeFileSync(RESULTS, HEADER);
  appendFileSync(RESULTS, text);
  console.log(text);
  if (!readFileSync(RESULTS, 'utf8').includes(text)) throw new Error('the results were not written');
}
