import { createHash } from 'node:crypto';
import { chmodSync, chownSync, lstatSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { EmbeddedError } from './errors.js';
import { canPass, type ServerUser } from './server-user.js';

/** Where everything of one embedded installation lives. */
export interface DataDir {
  root: string;
  /** The kernel's name of the folder: the same however it is spelled, linked or mounted. */
  identity: string;
  postgres: string;
  redis: string;
  sockets: string;
  postgresLog: string;
  redisLog: string;
  redisPidFile: string;
  guardianPidFile: string;
}

/** `sun_path` holds 107 bytes on Linux and 103 on macOS; Postgres appends `/.s.PGSQL.5432.lock` to the folder. */
const LONGEST_SOCKET_DIR = 80;

/** Creates the data folder where it is missing and names its parts. */
export function openDataDir(path: string): DataDir {
  const wanted = resolve(path);
  const created = mkdirSync(wanted, { recursive: true });
  // Under a strict umask the new folders would be closed to the user who runs Postgres; what is in them is private anyway.
  if (created) openFolders(created, wanted);
  const root = realpathSync(wanted);
  const { dev, ino } = statSync(root, { bigint: true });
  const identity = `${dev}:${ino}`;
  return {
    root,
    identity,
    postgres: join(root, 'postgres'),
    redis: join(root, 'redis'),
    sockets: socketDir(root, identity),
    postgresLog: join(root, 'postgres.log'),
    redisLog: join(root, 'redis.log'),
    redisPidFile: join(root, 'redis.pid'),
    guardianPidFile: join(root, 'guardian.pid'),
  };
}

function openFolders(first: string, last: string): void {
  for (let dir = last; dir.length >= first.length; dir = dirname(dir)) chmodSync(dir, 0o711);
}

function socketDir(root: string, identity: string): string {
  const near = join(root, 'run');
  if (Buffer.byteLength(near) <= LONGEST_SOCKET_DIR) return near;
  const name = `rapport-${createHash('sha256').update(`${identity}:${root}`).digest('hex').slice(0, 16)}`;
  const short = join(tmpdir(), name);
  return Buffer.byteLength(short) <= LONGEST_SOCKET_DIR ? short : join('/tmp', name);
}

/**
 * Makes the two folders that the servers own. Both are 0700: the sockets trust whoever reaches them.
 * @throws EmbeddedError where something at the sockets' place belongs to somebody else (it may lie in a public folder).
 */
export function prepareFolders(dir: DataDir, user: ServerUser | undefined): void {
  if (user && !canPass(dir.root, user)) chmodSync(dir.root, statSync(dir.root).mode | 0o011);
  mkdirSync(dir.redis, { recursive: true, mode: 0o700 });
  try {
    mkdirSync(dir.sockets, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const found = lstatSync(dir.sockets);
  const trusted = [process.getuid?.(), user?.uid].includes(found.uid);
  if (!found.isDirectory() || !trusted) {
    throw new EmbeddedError(`${dir.sockets} belongs to somebody else: remove it, or set another DATA_DIR.`);
  }
  if (user) chownSync(dir.sockets, user.uid, user.gid);
  chmodSync(dir.sockets, 0o700);
}
