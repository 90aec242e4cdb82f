import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GuardedProcess } from './guarded-process.js';
import type { GuardianOrder } from './guardian-protocol.js';
import { initdbArguments, postgresArguments } from './postgres-settings.js';
import { redisArguments, redisSocket } from './redis-settings.js';

/** Crash recovery after a kill replays up to `max_wal_size`, and Redis reads its whole file: both may take a while. */
const START_TIMEOUT_MS = 120_000;

/** Called with each process as soon as it exists, so that a stop in the middle of a start misses none. */
export type Keep = (process: GuardedProcess) => void;

/** Creates the cluster where there is none, starts Postgres and resolves once it takes connections. */
export async function startPostgres(order: GuardianOrder, keep: Keep): Promise<GuardedProcess> {
  if (!existsSync(join(order.dir.postgres, 'PG_VERSION'))) await createCluster(order, keep);
  const postgres = new GuardedProcess({
    command: order.binaries.postgres,
    args: postgresArguments(order.dir, order.tuning),
    cwd: order.dir.postgres,
    logFile: order.dir.postgresLog,
    user: order.user,
    onGuardianDeath: 'SIGINT',
    // SIGINT writes a checkpoint; on a slow disk that may outlast the promise of 10 s, and SIGQUIT loses nothing.
    stopBy: order.ephemeral ? [['SIGQUIT', 3_000], ['SIGKILL', 1_000]] : [['SIGINT', 5_000], ['SIGQUIT', 2_500], ['SIGKILL', 1_000]],
  });
  keep(postgres);
  await untilUp('Postgres', postgres, () => Promise.resolve(isPostgresReady(order.dir.postgres, postgres.pid)));
  return postgres;
}

/** In a folder beside its place: a killed initdb leaves nothing that looks like a cluster. */
async function createCluster(order: GuardianOrder, keep: Keep): Promise<void> {
  const folder = `${order.dir.postgres}.new-${randomBytes(6).toString('hex')}`;
  mkdirSync(folder, { mode: 0o700 });
  if (order.user) chownSync(folder, order.user.uid, order.user.gid);
  const initdb = new GuardedProcess({
    command: order.binaries.initdb,
    args: initdbArguments(folder, order.tuning.fsync),
    cwd: folder,
    logFile: order.dir.postgresLog,
    user: order.user,
    onGuardianDeath: 'SIGTERM',
    stopBy: [['SIGTERM', 1_000], ['SIGKILL', 1_000]],
  });
  keep(initdb);
  const how = await initdb.ended;
  if (how !== 'ended with exit code 0') throw startFailure('initdb', how, initdb);
  renameSync(folder, order.dir.postgres);
}

/** The server itself writes its state into the last line of its pid file. */
function isPostgresReady(folder: string, pid: number | undefined): boolean {
  try {
    const lines = readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n');
    return lines[0] === String(pid) && lines[7]?.trim() === 'ready';
  } catch {
    return false;
  }
}

/** Starts Redis and resolves once it has read its file and answers. */
export async function startRedis(order: GuardianOrder, keep: Keep): Promise<GuardedProcess> {
  const redis = new GuardedProcess({
    command: order.redisBinary,
    args: redisArguments(order.dir, order.tuning.fsync),
    cwd: order.dir.redis,
    logFile: order.dir.redisLog,
    onGuardianDeath: 'SIGTERM',
    stopBy: order.ephemeral ? [['SIGKILL', 1_000]] : [['SIGTERM', 3_000], ['SIGKILL', 1_000]],
  });
  keep(redis);
  await untilUp('Redis', redis, () => answersPing(redisSocket(order.dir)));
  return redis;
}

function answersPing(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path, () => socket.write('PING\r\n')).setEncoding('utf8');
    socket.once('data', (answer: string) => {
      socket.destroy();
      done(answer.startsWith('+PONG')); // -LOADING while it reads its file
    });
    socket.once('error', () => done(false));
  });
}

async function untilUp(name: string, server: GuardedProcess, isUp: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await isUp())) {
    if (server.hasEnded) throw startFailure(name, await server.ended, server);
    if (performance.now() > deadline) throw startFailure(name, 'is not ready after two minutes', server);
    await sleep(20);
  }
}

function startFailure(name: string, how: string, server: GuardedProcess): Error {
  const lines = server.lastLines();
  const telling = lines.findLast((line) => /FATAL|PANIC|ERROR|error|fatal|#/.test(line)) ?? lines.at(-1) ?? '';
  return new Error(`${name} did not start: it ${how}${telling ? ` (${telling.trim()})` : ''}`);
}
