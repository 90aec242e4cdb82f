import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { SystemClock } from '../../src/platform/clock/index.js';
import { OwnRedis } from '../crash/own-redis.js';
import { callerOf } from '../recipients/start.js';
import type { FakeClock } from '../support/fake-clock.js';
import { TestProcess } from '../support/processes.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

const ROWS = 8_000;
/** Where the importing process dies, one after the other: in the third batch before its COMMIT, after it, and between two batches. */
const DEATHS = ['committing/advance-import:3:kill', 'committed/advance-import:2:kill', 'import.batch-stored:1:kill'];

const FOLDER = mkdtempSync(join(tmpdir(), 'rapport-killed-import-'));
const redis = new OwnRedis();
let app: TestApp;

beforeAll(async () => {
  await redis.start();
  app = await startTestApp({ clock: new SystemClock() as unknown as FakeClock, redisUrl: redis.url, env: { ROLE: 'api', DATA_DIR: FOLDER } });
});
afterAll(async () => {
  await app.close();
  await redis.remove();
  rmSync(FOLDER, { recursive: true, force: true });
});

function startWorker(env: Record<string, string>): TestProcess {
  return new TestProcess(process.execPath, ['--disable-warning=ExperimentalWarning', 'dist/src/main.js'], {
    env: {
      NODE_ENV: 'test', ROLE: 'worker', PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'warn', ADMIN_API_KEY: app.adminKey, DATA_DIR: FOLDER,
      DATABASE_URL: app.databaseUrl, REDIS_URL: redis.url, ...env,
    },
  });
}

it('a file outlives three kill -9 of the process that imports it: no row is lost, none counts twice', async () => {
  const ingest = callerOf(app, 'ingest');
  const { body: { id } } = await ingest('post', '/v1/imports', { type: 'transactions', format: 'csv' });
  // Every 1,000th row is bad, so that refusals are put to the same test.
  const rows = Array.from({ length: ROWS }, (_, i) => `b${i % 40},2026-01-${String(1 + (i % 28)).padStart(2, '0')},${i % 1_000 === 7 ? 'ten' : 1},o${i}`);
  const uploaded = await app.http.put(`/v1/imports/${id}/file`).set({ ...auth(app.keys.ingest), 'content-type': 'text/csv' })
    .send(gzipSync(`user,time,value,id\n${rows.join('\n')}\n`) as never);
  expect(uploaded.status).toBe(202);

  const accepted: number[] = [];
  for (const death of DEATHS) {
    const worker = startWorker({ FAILPOINT: death });
    expect([death, (await worker.exited).signal]).toEqual([death, 'SIGKILL']);
    accepted.push((await ingest('get', `/v1/imports/${id}`)).body.accepted);
    // What the next worker would wait up to 30 s for.
    await app.db.raw(`update jobs set lease_until = clock_timestamp() - interval '1 second' where id = $1`, [id]);
  }
  // Before the COMMIT two batches stand; the next life adds two, of which the second was committed and not yet told; then one.
  expect(accepted).toEqual([1_998, 3_996, 4_995]);

  const last = startWorker({});
  for (let tries = 0; (await ingest('get', `/v1/imports/${id}`)).body.status !== 'done'; tries++) {
    if (tries > 600) throw new Error(`not done: ${last.output}`);
    await rest(50);
  }
  await last.leave();
  expect((await ingest('get', `/v1/imports/${id}`)).body).toMatchObject({ accepted: ROWS - 8, duplicates: 0, rejected: 8 });
  const refused = await app.http.get(`/v1/imports/${id}/rejected`).set(auth(app.keys.ingest));
  expect(refused.text.trimEnd().split('\n').slice(1).map((line: string) => Number(line.split(',')[0]))).toEqual(Array.from({ length: 8 }, (_, i) => 1_000 * i + 9));
  expect(await app.db.raw(`select count(*)::int as events, count(distinct event_id)::int as ids, sum(value)::int as value from events`))
    .toEqual([{ events: ROWS - 8, ids: ROWS - 8, value: ROWS - 8 }]);
  expect(await app.db.raw(`select sum(count)::int as n, sum(sum)::int as value from user_event_days`)).toEqual([{ n: ROWS - 8, value: ROWS - 8 }]);
  expect(readdirSync(join(FOLDER, 'imports'))).toEqual([]);
});
