// What the benches of sending share: an installation of the built program with its own database and Redis, the gateways in a process
// of their own, and what a process has used.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as rest } from 'node:timers/promises';
import pg from 'pg';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { ensureBuild, ensureRedis } from '../../scripts/lib/prepare.mjs';
import { START_FLAGS } from './server.mjs';

const ADMIN = 'bench-admin-key-0123456789';
const RESULTS = inRoot('bench', 'RESULTS.md');

export const machine = `${cpus().length} × ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB`;
export const load = () => loadavg().map((n) => n.toFixed(1)).join(' ');
export const now = () => new Date().toISOString().slice(0, 16);

/** Runs `work` on a stage of its own and takes everything down afterwards. */
export async function onStage(work) {
  await ensureBuild();
  await ensureRedis({ install: false });
  const { startEmbedded } = await import('../../dist/src/platform/embedded/index.js');
  const folder = mkdtempSync(join(tmpdir(), 'rapport-bench-'));
  const embedded = await startEmbedded({ dataDir: folder, ephemeral: true, log: () => undefined });
  const stage = new Stage(embedded);
  try {
    await stage.open();
    await work(stage);
  } finally {
    await stage.close();
    await embedded.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

class Stage {
  children = [];

  constructor(embedded) {
    this.embedded = embedded;
  }

  async open() {
    const gateway = this.spawn(inRoot('scripts', 'gateways', 'gateway-process.mjs'), ['--keep', '100']);
    Object.assign(this, JSON.parse((await line(gateway, /^\{.*\}$/))[0]));
    this.gatewayPid = gateway.pid;
    this.api = await this.server('api');
    this.db = new pg.Client({ connectionString: this.embedded.databaseUrl });
    await this.db.connect();
  }

  async close() {
    await this.db?.end();
    await Promise.all(this.children.map((child) => end(child)));
  }

  spawn(script, args, env = {}, flags = []) {
    const child = spawn(process.execPath, [...flags, script, ...args], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } });
    this.children.push(child);
    return child;
  }

  /** A process of the built program: its URL and how to end it. */
  async server(role, env = {}, flags = []) {
    const child = this.spawn(inRoot('dist', 'src', 'main.js'), [], {
      ROLE: role, PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'error', ADMIN_API_KEY: ADMIN, DATABASE_URL: this.embedded.databaseUrl,
      REDIS_URL: this.embedded.redisUrl, FCM_QUOTA_PER_MINUTE: '100000000', FCM_ENDPOINT: this.fcmUrl, SMTP_URL: this.smtpUrl, ...env,
    }, [...START_FLAGS, ...flags]);
    const [, port] = await line(child, /ready at \S*:(\d+)/);
    return { child, pid: child.pid, url: `http://127.0.0.1:${port}`, end: () => end(child) };
  }

  async call(method, path, body, url = this.api.url) {
    const answer = await fetch(url + path, {
      method, headers: { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' }, ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  control(method, path, body) {
    return this.call(method, path, body, this.controlUrl);
  }

  async rows(sql, params) {
    return (await this.db.query(sql, params)).rows;
  }

  /** Users with an address and an Android phone each. */
  async people(from, to) {
    await this.db.query(`with made as (
        insert into users (id, user_id, email, email_hash, created_at)
        select nextval('user_id_seq'), 'u-' || n, 'u-' || n || '@bench.test', sha256(convert_to('u-' || n, 'UTF8')), now() from generate_series(${from}, ${to}) as n
        returning id, user_id)
      insert into devices (token_hash, token, user_id, platform, permission, last_seen_at)
      select sha256(convert_to(user_id, 'UTF8')), 'token-' || user_id, id, 'android', 'granted', now() from made`);
    await this.db.query('analyze');
  }

  /** Lets a worker decide what is due and send none of it; what is measured afterwards is claim, render, send and settle alone. */
  async decideBeforehand() {
    await this.db.query(`create function bench_hold() returns trigger language plpgsql as 'begin new.not_before := ''2100-01-01''; return new; end';
      create trigger bench_hold before insert on chunks for each row execute function bench_hold()`);
    const planner = await this.server('worker');
    for (;;) {
      const [{ n }] = await this.rows('select count(*)::integer as n from waves where decided_at is null');
      if (n === 0) break;
      await rest(200);
    }
    await planner.end();
    await this.db.query('drop trigger bench_hold on chunks');
    await this.db.query('vacuum analyze');
    await this.db.query('checkpoint');
  }

  release() {
    return this.db.query(`update chunks set not_before = now() where closed_at is null`);
  }

  async statements(url) {
    return Number(/^rapport_sql_statements (\d+)/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1]);
  }

  /** CPU milliseconds of all of Postgres's processes. */
  postgresCpu() {
    const [{ parents }] = [this.postmasters()];
    return parents.reduce((sum, pid) => sum + cpuMs(pid), 0);
  }

  postmasters() {
    const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
    const parents = all.filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(this.folderMark()) || this.isBackend(pid);
      } catch {
        return false;
      }
    });
    return { parents };
  }

  folderMark() {
    return decodeURIComponent(this.embedded.databaseUrl).replace(/^.*host=([^&]*)\/run.*$/, '$1');
  }

  isBackend(pid) {
    const parent = Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[1]);
    return parent > 1 && readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('postgres:') && readFileSync(`/proc/${parent}/cmdline`, 'utf8').includes(this.folderMark());
  }
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
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

/** CPU milliseconds of a process since its start; 0 once it is gone. */
export function cpuMs(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13).reduce((sum, n) => sum + Number(n), 0) * 10;
  } catch {
    return 0;
  }
}

export const rssMb = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

/** Appends a row to a table of RESULTS.md, at the end of its section, which it makes where it is missing. */
export function record(title, intro, columns, row) {
  if (!existsSync(RESULTS)) writeFileSync(RESULTS, '# Measured\n\nEach bench appends what it measured, with its command and machine.\n');
  const text = readFileSync(RESULTS, 'utf8');
  const written = `| ${row.join(' | ')} |\n`;
  console.log(columns.map((column, i) => `${column}: ${row[i]}`).join('\n'));
  if (!text.includes(`\n## ${title}\n`)) {
    appendFileSync(RESULTS, `\n## ${title}\n\n${intro}\n\n| ${columns.join(' | ')} |\n|${' --- |'.repeat(columns.length)}\n${written}`);
    return;
  }
  const next = text.indexOf('\n## ', text.indexOf(`\n## ${title}\n`) + 4);
  const at = next < 0 ? text.length : next;
  writeFileSync(RESULTS, `${text.slice(0, at).trimEnd()}\n${written}${next < 0 ? '' : `\n${text.slice(next + 1)}`}`);
}
