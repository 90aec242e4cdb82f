import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processesOf, spawnStart, TestProcess, waitUntilNoProcessOf, type SpawnOptions } from '../support/processes.js';

const READY = /ready at \S*?:(\d+)/;
const ADMIN_KEY = /key[^\n]*?: (\S{20,})$/im;

let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'rapport-start-'));
  chmodSync(dataDir, 0o711);
});

afterEach(() => rmSync(dataDir, { recursive: true, force: true, maxRetries: 10 }));

function settings(more: SpawnOptions = {}): SpawnOptions {
  return { ...more, env: { PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'warn', ...more.env } };
}

async function portOf(started: TestProcess): Promise<string> {
  const [, port] = await started.waitForLine(READY, 45_000);
  return port ?? '';
}

function statusOf(port: string, path: string, key?: string): Promise<number> {
  return fetch(`http://127.0.0.1:${port}${path}`, { headers: key ? { authorization: `Bearer ${key}` } : {} }).then((answer) => answer.status);
}

describe('npm start with neither DATABASE_URL nor REDIS_URL', () => {
  it('is ready within 15 s, prints its URL and once an admin key, keeps its data over a restart and ends wholly on Ctrl-C', async () => {
    const began = performance.now();
    const first = spawnStart(settings({ ownGroup: true }));
    const port = await portOf(first);
    expect(performance.now() - began).toBeLessThan(15_000);
    const [, key] = await first.waitForLine(ADMIN_KEY);
    expect(await statusOf(port, '/health/ready')).toBe(200);
    expect(await statusOf(port, '/v1/keys', key)).toBe(200);
    first.interrupt();
    expect((await first.exited).code).toBe(0);
    expect(processesOf(dataDir)).toEqual([]);

    const second = spawnStart(settings());
    const portAgain = await portOf(second);
    expect(await statusOf(portAgain, '/v1/keys', key)).toBe(200);
    expect(second.output).not.toMatch(ADMIN_KEY);
    second.kill('SIGTERM');
    expect((await second.exited).code).toBe(0);
    expect(processesOf(dataDir)).toEqual([]);
  });

  it('refuses a second start on the folder in one line and leaves the first alone', async () => {
    const first = spawnStart(settings());
    const port = await portOf(first);
    const second = spawnStart(settings());
    expect((await second.exited).code).toBe(1);
    expect(second.output.trim().split('\n')).toEqual([`The data folder ${dataDir} is in use by a running Rapport (process ${first.pid}): stop that one, or set another DATA_DIR.`]);
    expect(await statusOf(port, '/health/ready')).toBe(200);
    await first.end();
  });

  it('leaves nothing running 10 s after a kill -9 of the server, and starts again', async () => {
    const first = spawnStart(settings());
    await portOf(first);
    await first.end();
    await waitUntilNoProcessOf(dataDir, 10_000);
    const second = spawnStart(settings());
    expect(await statusOf(await portOf(second), '/health/ready')).toBe(200);
    await second.end();
  });

  it('leaves nothing running 10 s after a kill -9 of npm', async () => {
    const npm = new TestProcess('npm', ['start'], settings());
    await portOf(npm);
    npm.kill('SIGKILL');
    await waitUntilNoProcessOf(dataDir, 10_000);
    await npm.exited; // its output is open for as long as any process of it lives
  });

  it('ends with an error when its database dies', async () => {
    const started = spawnStart(settings());
    await portOf(started);
    process.kill(Number.parseInt(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8'), 10), 'SIGKILL');
    expect((await started.exited).code).toBe(1);
    expect(started.output).toMatch(/postgres ended by SIGKILL/);
    await waitUntilNoProcessOf(dataDir, 10_000);
  });
});
