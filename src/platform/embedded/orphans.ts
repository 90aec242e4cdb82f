import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from './data-dir-lock.js';
import type { DataDir } from './data-dir.js';
import { DataDirInUse, EmbeddedError } from './errors.js';
import { POSTGRES_PORT } from './postgres-settings.js';
import { isOurs, isRunning, readPid, signal, waitUntilGone } from './processes.js';

interface Orphan {
  what: string;
  pidFile: string;
  home: string;
  marks: string[];
  /** Signals in order, each with the milliseconds it is given. */
  endBy: [NodeJS.Signals, number][];
}

/**
 * Ends what a killed Rapport left running on this data folder and removes its stale files. Call it under the lock only.
 * A guardian that is just stopping its servers is let finish; Postgres gets SIGQUIT (it recovers from its log at the next
 * start) and waits for nobody.
 * @returns a line for each process that was ended
 * @throws DataDirInUse where a server still answers that is none of this machine's processes (a folder shared by containers)
 */
export async function endOrphans(dir: DataDir): Promise<string[]> {
  const told: string[] = [];
  for (const orphan of orphansOf(dir)) {
    const pid = readPid(orphan.pidFile);
    if (pid === undefined || !isRunning(pid) || !isOurs(pid, orphan.home, orphan.marks)) continue;
    await end(pid, orphan);
    told.push(`ended a left-over ${orphan.what} (process ${pid})`);
  }
  await refuseForeignServers(dir);
  removeStale(dir);
  return told;
}

function orphansOf(dir: DataDir): Orphan[] {
  return [
    {
      what: 'guardian',
      pidFile: dir.guardianPidFile,
      home: join(dir.root, '(nowhere)'),
      marks: [`--guards=${dir.root}\0`, `--guards=${dir.root}`],
      endBy: [['SIGCONT', 7_000], ['SIGKILL', 2_000]],
    },
    {
      what: 'Postgres',
      pidFile: join(dir.postgres, 'postmaster.pid'),
      home: dir.postgres,
      marks: [dir.postgres],
      endBy: [['SIGQUIT', 6_000], ['SIGKILL', 5_000]],
    },
    {
      what: 'Redis',
      pidFile: dir.redisPidFile,
      home: dir.redis,
      marks: [dir.redis, dir.sockets],
      endBy: [['SIGTERM', 3_000], ['SIGKILL', 2_000]],
    },
  ];
}

async function end(pid: number, orphan: Orphan): Promise<void> {
  for (const [name, ms] of orphan.endBy) {
    signal(pid, name);
    signal(pid, 'SIGCONT'); // a stopped process would keep the signal pending
    if (await waitUntilGone(pid, ms)) return;
  }
  throw new EmbeddedError(`A left-over ${orphan.what} (process ${pid}) does not end: end it by hand.`);
}

async function refuseForeignServers(dir: DataDir): Promise<void> {
  for (const socket of serverSockets(dir)) {
    if (await isAlive(socket)) throw new DataDirInUse(dir.root, `a server of another container or machine user answers on ${socket}`);
  }
}

function serverSockets(dir: DataDir): string[] {
  return [join(dir.sockets, `.s.PGSQL.${POSTGRES_PORT}`), join(dir.sockets, 'redis.sock')];
}

function removeStale(dir: DataDir): void {
  const sockets = serverSockets(dir).flatMap((socket) => [socket, `${socket}.lock`]);
  for (const file of [...sockets, join(dir.postgres, 'postmaster.pid'), dir.redisPidFile, dir.guardianPidFile]) rmSync(file, { force: true });
  for (const name of readdirSync(dir.root)) {
    if (name.startsWith('postgres.new-')) rmSync(join(dir.root, name), { recursive: true, force: true, maxRetries: 5 });
  }
}
