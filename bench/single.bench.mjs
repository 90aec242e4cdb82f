/**
 * `node bench/single.bench.mjs [--messages 15000] [--only opens,clicks] [--profile DIR]`: what comes back in a request of its own, as it does in life: an
 * app's open, a mail's picture, click and unsubscribe, a purchase that is credited. One running server (the built program, all roles,
 * embedded Postgres with fsync), 200 requests under way over 20 sockets; keys as they would be used. Beside each rate what a request
 * cost in CPU, apart for the server, Postgres and the client: the rates share one machine, the costs do not. And how busy the server's
 * main thread and each core were: where neither is, something was waited for.
 */
import { appendFileSync, chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { inRoot } from '../scripts/lib/paths.mjs';
import { ensureBuild } from '../scripts/lib/prepare.mjs';
import { busyBetween, percents, usedSoFar } from './lib/busy.mjs';
import { at, linkTokens, seed } from './lib/messages.mjs';
import { ready, startServer, stopServer } from './lib/server.mjs';
import { drive, request } from './lib/sockets.mjs';
import { cpuMs } from './lib/stage.mjs';

const ADMIN = 'bench-admin-key-0123456789';
const { values } = parseArgs({ options: { messages: { type: 'string', default: '15000' }, only: { type: 'string', default: '' }, profile: { type: 'string', default: '' } } });
const MESSAGES = Number(values.messages);
const WARM = Math.min(2_000, MESSAGES / 2);

const KINDS = [
  { name: 'opens', says: 'an app’s open', channel: 'push', stored: `select count(*)::integer as n from message_facts as f join deliveries as d using (month, user_id) where d.id = f.delivery_id and d.channel = 'push' and f.opened_at is not null`,
    make: (url, { id, n }, { app }) => request(url, 'POST', `/v1/messages/${id}/events`, { key: app, body: { type: 'opened', occurredAt: at(n) } }) },
  { name: 'pixels', says: 'a mail’s picture', channel: 'email', stored: `select count(*)::integer as n from message_events where source = 'pixel' and not machine`,
    make: (url, { ref }, { tokens }) => request(url, 'GET', `/t/o/${tokens.make('open', ref)}.gif`) },
  { name: 'clicks', says: 'a click in a mail', channel: 'email', status: '302', stored: `select count(*)::integer as n from message_events where source = 'link' and not machine`,
    make: (url, { ref }, { tokens, linkId }) => request(url, 'GET', `/t/c/${tokens.make('click', ref, linkId)}`) },
  { name: 'unsubscribes', says: 'a one-click unsubscribe', channel: 'email', stored: `select count(*)::integer as n from message_facts as f join subscriptions as s on s.user_id = f.user_id and s.state = 'unsubscribed' where f.unsubscribed_at is not null`,
    make: (url, { ref }, { tokens }) => request(url, 'POST', `/u/${tokens.make('unsubscribe', ref)}`, { body: 'List-Unsubscribe=One-Click', type: 'application/x-www-form-urlencoded' }) },
  { name: 'purchases', says: 'a purchase, credited', channel: 'push', stored: `select count(*)::integer as n from conversions`,
    make: (url, { userId, n }, { ingest }) => request(url, 'POST', '/v1/events', { key: ingest, body: { events: [{ eventId: `b${n}`, userId, name: 'purchase', occurredAt: at(n), value: 20, currency: 'EUR' }] } }) },
].filter(({ name }) => values.only === '' || values.only.split(',').includes(name));

const loadBefore = loadavg();
await ensureBuild();
const dataDir = mkdtempSync(join(tmpdir(), 'rapport-bench-'));
chmodSync(dataDir, 0o711);
const server = startServer(dataDir, ADMIN, {}, values.profile === '' ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`]);
let pool;
try {
  const url = new URL(await ready(server));
  pool = new pg.Pool({ host: join(dataDir, 'run'), user: 'rapport', database: 'rapport', max: 2 });
  const postmaster = Number(/^\d+/.exec(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')));
  const lots = await seed(pool, KINDS.map(({ channel }) => channel), MESSAGES);
  const { rows: [{ id: linkId }] } = await pool.query(`insert into tracked_links (url_hash, url) values (sha256('x'), 'https://shop.example/offers?from=mail') returning id`);
  const means = { tokens: await linkTokens(pool), linkId, app: await key(url, 'app'), ingest: await key(url, 'ingest') };
  const results = [];
  for (const [i, kind] of KINDS.entries()) {
    const requests = lots[i].map((message) => kind.make(url, message, means));
    results.push(await measure(kind, url, requests, postmaster));
    console.log(JSON.stringify(results.at(-1)));
  }
  report(results);
} finally {
  await pool?.end();
  await stopServer(server);
  rmSync(dataDir, { recursive: true, force: true });
}

async function key(url, scope) {
  const answer = await fetch(new URL('/v1/keys', url), { method: 'POST', headers: { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' }, body: JSON.stringify({ name: scope, scope }) });
  return (await answer.json()).key;
}

/** The first of them warm the server up and are not counted. */
async function measure({ name, says, status = '200', stored }, url, requests, postmaster) {
  await drive(url, requests.slice(0, WARM), { status });
  const counted = requests.slice(WARM);
  const used = () => ({ ...usedSoFar(server.pid), postgres: postgresCpu(postmaster), client: process.cpuUsage() });
  const [before, statements, began] = [used(), await statementsOf(url), performance.now()];
  await drive(url, counted, { status });
  const seconds = (performance.now() - began) / 1000;
  const after = used();
  const { rows: [{ n }] } = await pool.query(stored);
  if (n !== requests.length) throw new Error(`${name}: stored ${n} of ${requests.length}`);
  const each = (ms) => Math.round((1000 * ms) / counted.length);
  const client = (after.client.user + after.client.system - before.client.user - before.client.system) / 1000;
  return {
    name, says, rate: counted.length / seconds, server: each(after.main + after.others - before.main - before.others), postgres: each(after.postgres - before.postgres),
    client: each(client), statements: (await statementsOf(url) - statements) / counted.length, busy: busyBetween(before, after),
  };
}

async function statementsOf(url) {
  return Number(/^rapport_sql_statements (\d+)/m.exec(await (await fetch(new URL('/metrics', url))).text())?.[1]);
}

/** All of its processes: those that are and, with the first, those that were. */
function postgresCpu(postmaster) {
  const parentOf = (pid) => Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[1]);
  const ended = readFileSync(`/proc/${postmaster}/stat`, 'utf8').split(') ')[1].split(' ').slice(13, 15).reduce((sum, n) => sum + Number(n) * 10, 0);
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
    try {
      return parentOf(pid) === postmaster;
    } catch {
      return false;
    }
  });
  return [postmaster, ...children].reduce((sum, pid) => sum + cpuMs(pid), ended);
}

function report(results) {
  const load = (list) => list.map((n) => n.toFixed(1)).join(' ');
  const text = `
## Feedback, one request each, ${new Date().toISOString().slice(0, 10)}

\`node bench/single.bench.mjs --messages ${MESSAGES}\` on ${cpus().length} × ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 1024 ** 3)} GB, Node ${process.versions.node}, one process,
embedded Postgres with fsync and the client on the same machine; load average ${load(loadBefore)} before, ${load(loadavg())} after. 200 requests under way,
each answered after its commit; CPU in µs a request.

| | rate | server | Postgres | client | together | statements a request | busy: main thread + others | each core |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
${results.map((r) => `| ${r.says} | ${Math.round(r.rate).toLocaleString('en-US')}/s | ${r.server} | ${r.postgres} | ${r.client} | ${r.server + r.postgres + r.client} | ${r.statements.toFixed(3)} | ${percents(r.busy.main, r.busy.others)} | ${percents(...r.busy.cores)} |`).join('\n')}
`;
  if (values.only === '') appendFileSync(inRoot('bench', 'RESULTS.md'), text);
  console.log(text);
}
