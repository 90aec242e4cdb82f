// node bench/delivery.bench.mjs [messages]: one worker process (the built program) sends to a loopback gateway; beside it, in the
// same run, a bare HTTP/2 loop sends as many bodies of the same size. Appends what it measured to bench/RESULTS.md.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as rest } from 'node:timers/promises';
import pg from 'pg';
import { inRoot } from '../scripts/lib/paths.mjs';
import { ensureBuild, ensureRedis } from '../scripts/lib/prepare.mjs';

const MESSAGES = Number(process.argv[2] ?? 50_000);
const RESULTS = inRoot('bench', 'RESULTS.md');
const ADMIN = 'bench-admin-key-0123456789';

await ensureBuild();
await ensureRedis({ install: false });
const { startEmbedded } = await import('../dist/src/platform/embedded/index.js');
const folder = mkdtempSync(join(tmpdir(), 'rapport-bench-'));
const embedded = await startEmbedded({ dataDir: folder, ephemeral: true, log: () => undefined });
const children = [];

function start(script, args, env) {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } });
  children.push(child);
  return child;
}

async function line(child, pattern) {
  for await (const text of createInterface({ input: child.stdout })) {
    const found = pattern.exec(text);
    if (found) {
      child.stdout.resume();
      return found;
    }
  }
  throw new Error(`ended without ${pattern}`);
}

/** A server of ours; its port. */
async function server(role, env) {
  const child = start(inRoot('dist', 'src', 'main.js'), [], {
    ROLE: role, PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'error', ADMIN_API_KEY: ADMIN, DATABASE_URL: embedded.databaseUrl,
    REDIS_URL: embedded.redisUrl, FCM_QUOTA_PER_MINUTE: '100000000', ...env,
  });
  const [, port] = await line(child, /ready at \S*:(\d+)/);
  return { child, url: `http://127.0.0.1:${port}` };
}

const ticks = (pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13).reduce((sum, n) => sum + Number(n), 0) * 10;
const rssMb = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

async function call(url, method, path, body) {
  const answer = await fetch(url + path, { method, headers: { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' }, ...(body ? { body: JSON.stringify(body) } : {}) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** As many requests as the campaign makes, 400 at a time over four sessions, and nothing else. @returns a second */
async function bareLoop(url, n) {
  const sessions = Array.from({ length: 4 }, () => connect(url));
  await Promise.all(sessions.map((session) => once(session, 'remoteSettings')));
  const body = JSON.stringify({ message: { token: 'bare', data: { messageId: 'm'.repeat(22), campaignId: '1' }, notification: { title: 'Hello', body: 'There is something new.' }, android: { ttl: '86400s', collapse_key: 'm'.repeat(22), notification: { tag: 'm'.repeat(22) } } } });
  let left = n;
  const lane = async (session) => {
    while (left-- > 0) {
      const stream = session.request({ ':method': 'POST', ':path': '/v1/projects/rapport-local/messages:send', authorization: 'Bearer owner', 'content-type': 'application/json' });
      stream.end(body);
      stream.resume();
      await once(stream, 'close');
    }
  };
  const began = performance.now();
  await Promise.all(sessions.flatMap((session) => Array.from({ length: 100 }, () => lane(session))));
  const perSecond = n / ((performance.now() - began) / 1000);
  for (const session of sessions) session.close();
  return perSecond;
}

async function main() {
  const gateway = start(inRoot('scripts', 'gateways', 'gateway-process.mjs'), [], {});
  const [text] = await line(gateway, /^\{.*\}$/);
  const { fcmUrl, controlUrl } = JSON.parse(text);
  const api = await server('api', {});
  const client = new pg.Client({ connectionString: embedded.databaseUrl });
  await client.connect();
  await client.query(`with made as (insert into users (id, user_id, created_at) select nextval('user_id_seq'), 'u-' || n, now() from generate_series(1, ${MESSAGES}) as n returning id, user_id)
    insert into devices (token_hash, token, user_id, platform, permission, last_seen_at) select sha256(convert_to(user_id, 'UTF8')), 'token-' || user_id, id, 'android', 'granted', now() from made`);
  await client.query('analyze');
  await call(api.url, 'PUT', '/v1/topics/promo', { name: { en: 'Offers' } });
  await call(api.url, 'POST', '/v1/templates', { key: 'hello', channel: 'push', defaultLocale: 'en', content: { en: { title: 'Hello {{user.userId}}', body: 'There is something new.' } } });
  const { id } = await call(api.url, 'POST', '/v1/campaigns', { name: 'Bench', channel: 'push', topic: 'promo', template: 'hello', audience: { include: ['everyone'] }, schedule: { type: 'now' } });
  // Decided beforehand: what is measured is claim, render, send and settle.
  await call(api.url, 'POST', '/v1/stop', { reason: 'bench' });
  await call(api.url, 'POST', `/v1/campaigns/${id}/launch`, {});
  await client.query('update engine_state set stopped_at = null, stop_reason = null');
  await call(api.url, 'POST', `/v1/campaigns/${id}/pause`, {});
  await call(api.url, 'POST', `/v1/campaigns/${id}/resume`, {});
  const bare = await bareLoop(fcmUrl, Math.min(MESSAGES, 20_000));
  await call(controlUrl, 'POST', '/reset', {});

  const worker = await server('worker', { FCM_ENDPOINT: fcmUrl });
  const { pid } = worker.child;
  const accepts = async () => (await call(controlUrl, 'GET', '/totals')).totals.push.accepts;
  while ((await accepts()) === 0) await rest(20);
  const transactions = async () => Number((await client.query('select xact_commit from pg_stat_database where datname = current_database()')).rows[0].xact_commit);
  const [began, cpu0, n0, x0] = [performance.now(), ticks(pid), await accepts(), await transactions()];
  const statements = async () => Number(/^rapport_sql_statements (\d+)/m.exec(await (await fetch(`${worker.url}/metrics`)).text())?.[1]);
  const s0 = await statements();
  let peak = 0;
  for (;;) {
    peak = Math.max(peak, rssMb(pid));
    const { rows } = await client.query(`select count(*)::integer as n from deliveries where campaign_id = $1 and state = 'queued'`, [id]);
    const { rows: all } = await client.query('select count(*)::integer as n from deliveries where campaign_id = $1', [id]);
    if (rows[0].n === 0 && all[0].n === MESSAGES) break;
    await rest(250);
  }
  const seconds = (performance.now() - began) / 1000;
  const sent = MESSAGES - n0;
  const { rows: states } = await client.query('select state::text, count(*)::integer as n from deliveries group by 1');
  const counted = (await statements()) - s0;
  const { rows: size } = await client.query(`select sum(pg_total_relation_size(c.oid))::bigint as bytes from pg_class as c where c.relname like 'deliveries_%' and c.relkind = 'r'`);
  const row = [
    new Date().toISOString().slice(0, 16), `${cpus().length} × ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB`, `node bench/delivery.bench.mjs ${MESSAGES}`,
    (sent / seconds).toFixed(0), bare.toFixed(0), (sent / seconds / bare).toFixed(2), ((ticks(pid) - cpu0) / sent).toFixed(3),
    (counted / sent).toFixed(3), ((await transactions()) - x0), (Number(size[0].bytes) / MESSAGES).toFixed(0), peak.toFixed(0), states.map(({ state, n }) => `${n} ${state}`).join(', '),
  ];
  if (!existsSync(RESULTS)) writeFileSync(RESULTS, '# Measured\n\nEach bench appends what it measured, with its command and machine.\n');
  if (!readFileSync(RESULTS, 'utf8').includes('## Delivery')) {
    appendFileSync(RESULTS, '\n## Delivery\n\nOne worker process, planning included in its CPU, against a gateway on the loopback; database and gateway share the machine.\n\n'
      + '| when | machine | command | pushes/s | bare HTTP/2/s | share | CPU ms/message | statements/message | transactions | ledger bytes/message | peak RSS MB | states |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n');
  }
  appendFileSync(RESULTS, `| ${row.join(' | ')} |\n`);
  console.log(row.join(' | '));
  await client.end();
}

try {
  await main();
} finally {
  for (const child of children) child.kill('SIGTERM');
  await Promise.all(children.map((child) => (child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined)));
  await embedded.stop();
  rmSync(folder, { recursive: true, force: true });
}
