import { createDatabaseIfMissing } from './create-database.js';
import { lockDataDir, type DataDirLock } from './data-dir-lock.js';
import { openDataDir, prepareFolders, type DataDir } from './data-dir.js';
import { DataDirClosed, EmbeddedError } from './errors.js';
import { GuardianClient, type OnFailure } from './guardian-client.js';
import { endOrphans } from './orphans.js';
import { postgresBinaries } from './postgres-binaries.js';
import { databaseUrl } from './postgres-settings.js';
import { findRedis } from './redis-binary.js';
import { embeddedRedisUrl } from './redis-settings.js';
import { firstClosedFolder, serverUser, type ServerUser } from './server-user.js';

export interface EmbeddedOptions {
  /** Created where it is missing. */
  dataDir: string;
  log: (line: string) => void;
  /** Off only where the data may be lost with the machine: tests. Default on. */
  fsync?: boolean;
  /** As Postgres writes sizes. Default `256MB`. */
  sharedBuffers?: string;
  /** Remove the whole data folder when the servers stop, however they come to stop. Default off. */
  ephemeral?: boolean;
}

export interface Embedded {
  databaseUrl: string;
  /** `unix:///…`: see `redisOptions` of platform/queue. */
  redisUrl: string;
  /** Whether this start created the database. */
  firstStart: boolean;
  /** Stops both servers and gives the data folder back. May be called more than once. */
  stop(): Promise<void>;
  /** Tells of the death of a server or of the guardian; what happened before is told at once. */
  onFailure(listener: OnFailure): void;
}

/** The guardian's own escalation ends after 8.5 s. */
const STOP_TIMEOUT_MS = 9_500;

/**
 * Brings up a private Postgres and Redis under `dataDir` and holds the folder for as long as this process lives.
 * A guardian process ends both servers when this one stops or dies in whatever way.
 * @throws DataDirInUse, DataDirClosed, RedisMissing, EmbeddedError: each with one line for the operator
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  if (process.platform === 'win32') throw new EmbeddedError('The embedded servers do not run on Windows: set DATABASE_URL and REDIS_URL, or use WSL.');
  try {
    const redisBinary = findRedis();
    const dir = openDataDir(options.dataDir);
    const user = serverUser(dir.postgres);
    prepareFolders(dir, user);
    if (user) refuseClosedFolders(dir, user);
    const lock = await lockDataDir(dir);
    return await startLocked(dir, lock, user, redisBinary, options);
  } catch (error) {
    throw readable(error, options.dataDir);
  }
}

function refuseClosedFolders(dir: DataDir, user: ServerUser): void {
  const closed = firstClosedFolder(dir.root, user) ?? firstClosedFolder(dir.sockets, user);
  if (closed) throw new DataDirClosed(closed, user.name);
}

async function startLocked(dir: DataDir, lock: DataDirLock, user: ServerUser | undefined, redisBinary: string, options: EmbeddedOptions): Promise<Embedded> {
  const { log, fsync = true, sharedBuffers = '256MB', ephemeral = false } = options;
  let guardian: GuardianClient | undefined;
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    await guardian?.stop(STOP_TIMEOUT_MS);
    if (!ephemeral) await endOrphans(dir); // does nothing unless the guardian was killed
    await lock.release();
  };
  try {
    for (const line of await endOrphans(dir)) log(line);
    prepareFolders(dir, user); // a guardian that was just ending took the sockets' folder with it
    const binaries = postgresBinaries(user, log);
    guardian = new GuardianClient({ dir, user, binaries, redisBinary, tuning: { fsync, sharedBuffers }, ephemeral });
    await guardian.untilReady();
    const firstStart = await createDatabaseIfMissing(dir);
    const onFailure = guardian.onFailure.bind(guardian);
    return { databaseUrl: databaseUrl(dir), redisUrl: embeddedRedisUrl(dir), firstStart, onFailure, stop: () => (stopped ??= stop()) };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A full disk or a folder of somebody else is the operator's business, not a stack trace. */
function readable(error: unknown, dataDir: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof EmbeddedError || !['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'ENOTDIR', 'EEXIST'].includes(code ?? '')) return error;
  return new EmbeddedError(`The data folder ${dataDir} cannot be used (${message}): set another DATA_DIR.`);
}
