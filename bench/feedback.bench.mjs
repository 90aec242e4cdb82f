/**
 * `node bench/feedback.bench.mjs [--messages 60000]`: what came of messages over HTTP into one running server (the built program, all
 * roles, embedded Postgres with fsync): opens in a request each (raw keep-alive sockets, 200 requests under way), opens at 1,000 a
 * call, provider events and conversions at 1,000 a call. Beside it in the same run the floors: a bare Node server that parses the same
 * requests and answers, under the same client; and a bare multi-row insert of the same rows.
 */
import { appendFileSync, chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { ensureBuild } from '../scripts/lib/prepare.mjs';
import { inRoot } from '../scripts/lib/paths.mjs';
import { ready, startServer, stopServer } from './lib/server.mjs';

const KEY = 'bench-admin-key-0123456789';
const { values } = parseArgs({ options: { messages: { type: 'string', default: '60000' } } });
const MESSAGES = Number(values.messages);
const SOCKETS = 20;
const DEPTH = 10;
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
  const [single, batched, provider, bought] = await seed();
  const opened = (messageId) => ({ type: 'opened', occurredAt: at(messageId.n) });
  const requests = single.map((m) => request(url, `/v1/messages/${m.id}/events`, opened(m)));
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

function at(n) {
  return new Date(Date.now() - 3_600_000 + n % 3_000_000).toISOString();
}

/** Four lots of sent messages, one a person: three pushes and a mail, of campaigns that count purchases. */
async function seed() {
  const month = `${new Date().toISOString().slice(0, 7)}-01`;
  await pool.query(`select ensure_month_partition('deliveries', $1::date), ensure_month_partition('events', $1::date)`, [month]);
  const lots = [];
  for (const [lot, channel] of ['push', 'push', 'email', 'push'].entries()) {
    const definition = { name: `lot ${lot}`, channel, class: 'marketing', audience: { include: ['everyone'], exclude: [] }, variants: [{ key: 'a', template: 't', weight: 1 }], holdout: 0, priority: 50, schedule: { type: 'now' }, expiresAfter: 'PT24H', conversion: { event: 'purchase', window: 'P3D', attribution: 'sent' } };
    const { rows: [{ id }] } = await pool.query(`insert into campaigns (name, status, channel, transactional, priority, definition, salt, launched_at) values ($1, 'completed', $2, false, 50, $3, 's', now()) returning id`, [definition.name, channel, JSON.stringify(definition)]);
    const { rows: [run] } = await pool.query(`insert into runs (campaign_id, scheduled_for, month, expires_at, completed_at) values ($1, now(), $2, now(), now()) returning id`, [id, month]);
    await pool.query(`with people as (insert into users (id, user_id, email, email_hash, created_at)
        select nextval('user_id_seq'), $1 || '-' || n, $1 || n || '@example.com', sha256(($1 || n)::bytea), now() from generate_series(1, $2::integer) as n returning id)
      insert into deliveries (month, user_id, run_id, wave_id, campaign_id, chunk_id, due_at, decided_at, expires_at, counted_at, settled_at, policy_version, state, channel)
      select $3, id, $4, 0, $5, 1, x.at, x.at, x.at, x.at, x.at, 0, 'sent', $6 from people cross join (select now() - interval '2 hours' as at) as x`, [`lot${lot}`, MESSAGES, month, run.id, id, channel]);
    const { rows } = await pool.query('select d.id, d.user_id as internal, u.user_id as "userId" from deliveries as d join users as u on u.id = d.user_id where d.run_id = $1 order by d.id', [run.id]);
    const ids = await encode(rows.map((row) => ({ month, userId: row.internal, id: row.id })));
    lots.push(rows.map((row, n) => ({ n, id: ids[n], userId: row.userId })));
  }
  await pool.query('vacuum analyze');
  return lots;
}

/** Message ids as the server makes them: with the secret of its database. */
async function encode(refs) {
  const { rows: [{ secret }] } = await pool.query('select secret from installation');
  const { MessageIds } = await import('../dist/src/planning/message-id.js');
  const ids = new MessageIds(createHmac('sha256', secret).update('message-id').digest());
  return refs.map((ref) => ids.encode(ref));
}

function request(url, path, body) {
  const text = JSON.stringify(body);
  return Buffer.from(`POST ${path} HTTP/1.1\r\nHost: ${url.host}\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
}

/** Sends the requests over kept sockets, a few under way on each: the cheapest client there is, because it shares the machine. */
function drive(url, requests) {
  let next = 0;
  const lane = () => new Promise((done, fail) => {
    const socket = connect(Number(url.port), url.hostname);
    let open = 0;
    let rest = '';
    const more = () => {
      while (open < DEPTH && next < requests.length) {
        open++;
        socket.write(requests[next++]);
      }
      if (open === 0) socket.end(done);
    };
    socket.setEncoding('latin1').setNoDelay(true).on('connect', more).on('error', fail).on('data', (text) => {
      rest += text;
      for (let found; (found = /^HTTP\/1\.1 (\d+)[\s\S]*?\r\ncontent-length: (\d+)\r\n[\s\S]*?\r\n\r\n/i.exec(rest)) && rest.length >= found[0].length + Number(found[2]);) {
        if (found[1] !== '200') return fail(new Error(rest.slice(0, 400)));
        rest = rest.slice(found[0].length + Number(found[2]));
        open--;
      }
      more();
    });
  });
  return Promise.all(Array.from({ length: SOCKETS }, lane));
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
| opens, each in a request of its own, ${SOCKETS * DEPTH} under way | ${rate(r.single)} | ${(r.single / r.bareHttp).toFixed(2)} of a bare Node HTTP server (${rate(r.bareHttp)}) |
| opens, ${BATCH} a call, ${LANES} at a time | ${rate(r.batched)} | ${(r.batched / r.bareInsert).toFixed(2)} of a bare insert of the same rows (${rate(r.bareInsert)}) |
| mail server events, ${BATCH} a call, ${LANES} at a time | ${rate(r.provider)} | |
| conversions, each credited, ${BATCH} a call, ${LANES} at a time | ${rate(r.conversions)} | |
`;
  appendFileSync(inRoot('bench', 'RESULTS.md'), text);
  console.log(text);
}
