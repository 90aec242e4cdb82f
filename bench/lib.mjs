/** What the benches share: an application in this process on a database of its own, and a clock to set. */
import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { ensureBuild } from '../scripts/lib/prepare.mjs';

export const ADMIN_KEY = 'bench-admin-key-0123456789';

await ensureBuild();
export const built = (path) => import(new URL(`../dist/src/${path}`, import.meta.url));

const [{ startEmbedded }, { migrate }, { createHttpApp }, { loadConfig }, { Clock }, { SystemRandom }] = await Promise.all([
  built('platform/embedded/index.js'), built('data-source.js'), built('http-app.js'), built('platform/config/index.js'),
  built('platform/clock/index.js'), built('platform/random/index.js')]);

export const embedded = () => startEmbedded({ dataDir: mkdtempSync(join(tmpdir(), 'rapport-bench-')), fsync: false, sharedBuffers: '256MB', ephemeral: true, log: () => undefined });

/** Stands still until it is told. */
export class SetClock extends Clock {
  at = new Date(0);
  now() {
    return new Date(this.at);
  }
  monotonic() {
    return this.at.getTime();
  }
  forSql() {
    return this.now();
  }
}

/** The same salts each time, and so the same people held out. */
export class SeededRandom extends SystemRandom {
  drawn = 0;
  constructor(seed) {
    super();
    this.seed = seed;
  }
  bytes(length) {
    return createHash('shake256', { outputLength: length }).update(`${this.seed}/${this.drawn++}`).digest();
  }
}

/** An application on the named database of the servers, which is made; listening on a free port. */
export async function appOn(servers, name, clock, automatic, random = new SystemRandom()) {
  const { default: pg } = await import('pg');
  const admin = new pg.Client({ connectionString: servers.databaseUrl });
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
  const url = servers.databaseUrl.replace(/^(postgres:\/\/[^/]*\/)[^?]*/, `$1${name}`);
  await migrate(url);
  const app = await createHttpApp({
    config: loadConfig({ ADMIN_API_KEY: ADMIN_KEY, DATABASE_URL: 'postgres://unused/db', REDIS_URL: servers.redisUrl }),
    clock, random, databaseUrl: url, redisUrl: servers.redisUrl, redisPrefix: name, automatic,
  }, false);
  await app.listen(0, '127.0.0.1');
  const base = `http://127.0.0.1:${app.getHttpServer().address().port}`;
  const call = async (method, path, body) => {
    const answer = await fetch(base + path, { method, headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 400)}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  return { app, call, base };
}

export const machine = () => `${cpus().length} × ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 1024 ** 3)} GB, Node ${process.versions.node}; load average ${loadavg().map((n) => n.toFixed(1)).join(' ')}`;
