/**
 * `node bench/feedback.bench.mjs [--messages 60000]`: what came of messages over HTTP into one running server (the built program, all
 * roles, embedded Postgres with fsync): opens in a request each (raw keep-alive sockets, 200 requests under way), opens at 1,000 a
 * call, provider events and conversions at 1,000 a call. Beside it in the same run the floors: a bare Node server that parses the same
 * requests and answers, under the same client; and a bare multi-row insert of the same rows.
 */
import { appendFileSync, chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { ensureBuild } from '../scripts/lib/prepare.mjs';
import { inRoot } from '../scripts/lib/paths.mjs';
import { at, seed } from './lib/messages.mjs';
import { ready, startServer, stopServer } from './lib/server.mjs';
import { drive, request } from './lib/sockets.mjs';

const KEY = 'bench-admin-key-0123456789';
const { values } = parseArgs({ options: { messages: { type: 'string', default: '60000' } } });
const MESSAGES = Number(values.messages);
const BATCH = 1_000;
const LANES = 4;

const loadBefore = loadavg();
await ensureBuild();
const dataDir = mkdtempSync(join(tmpdir(), 'rapport-bench-'));
chmodSync(dataDir, 0o711);
const server = startServer(dataDir, KEY);
let pool;
try {
  const url = new URL(await ready(server));
  pool = new pg.Pool({ host: join(dataDir, 'run'), user: 'rapport', database: 'rapport', max: LANES });
  const [single, batched, provider, bought] = await seed(pool, ['push', 'push', 'email', 'push'], MESSAGES);
  const opened = (messageId) => ({ type: 'opened', occurredAt: at(messageId.n) });
  const requests = single.map((m) => request(url, 'POST', `/v1/messages/${m.id}/events`, { key: KEY, body: opened(m) }));
  const result = {
    bareHttp: await bareHttp(requests),
    single: await perSecond(single.length, () => drive(url, requests)),
    batched: await perSecond(batched.length, () => inLanes(url, '/v1/messages/events', batched.map((m) => ({ messageId: m.id, ...opened(m) })))),
    provider: await perSecond(provider.length, () => inLanes(url, '/v1/providers/email/events', provider.map((m, i) => ({ messageId: m.id, type: i % 20 ? 'delivered' : 'bounce', occurredAt: at(m.n) })))),
    conversions: await perSecond(bought.length, () => inLanes(url, '/v1/events', bought.map((m) => ({ eventId: `b${m.n}`, userId: m.userId, name: 'purchase', occurredAt: at(m.n), value: 20, currency: 'EUR' })))),
  };
  const { rows: [{ opens, credited }] } = await pool.query('select (select count(*) from message_facts where opened_at is not null)::integer as opens, (select count(*) from conversions)::integer as credited');
  if (opens !== single.length + batched.length || credited !== bought.length) throw new Error(`stored ${opens} opens and ${credited} credits`);
  result.bareInsert = await perSecond(batched.length, bareInsert);
  result.opens = opens;
  report(result);
} finally {
  await pool?.end();
  await stopServer(server);
  rmSync(dataDir, { recursive: true, force: true });
}

/** What Node itself takes to read such a request and answer it, in a process of its own. */
async function bareHttp(requests) {
  const child = spawn(process.execPath, ['-e', `(${bareServer})(require('node:http'))`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise((done) => child.stdout.once('data', (text) => done(String(text).trim())));
  const url = new URL(`http://127.0.0.1:${port}`);
  const rate = await perSecond(requests.length, () => drive(url, requests));
  child.kill();
  return rate;
}

function bareServer(http) {
  const listening = http.createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part)).on('end', () => {
      const body = JSON.stringify({ messageId: request.url.split('/')[3], type: JSON.parse(Buffer.concat(parts)).type });
      response.setHeader('Content-Type', 'application/json').setHeader('Content-Length', body.length).end(body);
    });
  }).listen(0, '127.0.0.1', () => console.log(listening.address().port));
}

async function inLanes(url, path, rows) {
  const batches = Array.from({ length: Math.ceil(rows.length / BATCH) }, (_, b) => rows.slice(b * BATCH, (b + 1) * BATCH));
  await Promise.all(Array.from({ length: LANES }, async () => {
    for (let batch = batches.shift(); batch; batch = batches.shift()) {
      const answer = await fetch(new URL(path, url), { method: 'POST', headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }, body: JSON.stringify({ events: batch }) });
      const told = await answer.json();
      if (answer.status !== 200 || told.rejected.length > 0) throw new Error(`${path}: ${answer.status} ${JSON.stringify(told).slice(0, 300)}`);
    }
  }));
}

/** The least that keeping these rows takes: parameters to rows of the two tables, two events and a fact each, a thousand to a commit. */
async function bareInsert() {
  const { rows } = await pool.query(`select f.*, row_number() over () as n from message_facts as f where opened_at is not null order by month, user_id limit $1`, [MESSAGES]);
  await pool.query('create table bench_events (like message_events including all); create table bench_facts (like message_facts including all)');
  const batches = Array.from({ length: Math.ceil(rows.length / BATCH) }, (_, b) => rows.slice(b * BATCH, (b + 1) * BATCH));
  await Promise.all(Array.from({ length: LANES }, async () => {
    for (let batch = batches.shift(); batch; batch = batches.shift()) {
      const columns = [batch.map((r) => r.user_id), batch.map((r) => r.delivery_id), batch.map((r) => r.opened_at)];
      await pool.query(`with e as (insert into bench_events (month, user_id, delivery_id, type, machine, source, occurred_at, received_at)
          select date_trunc('month', now())::date, u, d, t, false, 'app', at, now() from unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) as x (u, d, at), unnest(array['opened', 'clicked']) as t)
        insert into bench_facts (month, user_id, delivery_id, campaign_id, run_id, channel, delivered_at, opened_at, clicked_at, updated_at)
        select date_trunc('month', now())::date, u, d, 1, 1, 'push', at, at, at, now() from unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) as x (u, d, at)`, columns);
    }
  }));
}

/** @returns a second */
async function perSecond(n, work) {
  const began = performance.now();
  await work();
  return n / ((performance.now() - began) / 1000);
}

function report(r) {
  const rate = (n) => `${Math.round(n).toLocaleString('en-US')}/s`;
  const load = (list) => list.map((n) => n.toFixed(1)).join(' ');
  const text = `
## Feedback, ${new Date().toISOString().slice(0, 10)}

\`node bench/feedback.bench.mjs --messages ${MESSAGES}\` on ${cpus().length} × ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 1024 ** 3)} GB, Node ${process.versions.node}, one process,
embedded Postgres with fsync and the client on the same machine; load average ${load(loadBefore)} before, ${load(loadavg())} after. Every event
stored and credited: ${r.opens} opens counted at the end.

| | rate | against its floor |
| --- | --- | --- |
| opens, each in a request of its own, 200 under way | ${rate(r.single)} | ${(r.single / r.bareHttp).toFixed(2)} of a bare Node HTTP server (${rate(r.bareHttp)}) |
| opens, ${BATCH} a call, ${LANES} at a time | ${rate(r.batched)} | ${(r.batched / r.bareInsert).toFixed(2)} of a bare insert of the same rows (${rate(r.bareInsert)}) |
| mail server events, ${BATCH} a call, ${LANES} at a time | ${rate(r.provider)} | |
| conversions, each credited, ${BATCH} a call, ${LANES} at a time | ${rate(r.conversions)} | |
`;
  appendFileSync(inRoot('bench', 'RESULTS.md'), text);
  console.log(text);
}
