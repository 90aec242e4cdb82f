import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { EmbeddedError } from './errors.js';

/** The unprivileged user that runs Postgres when we are root (Postgres refuses root). */
export interface ServerUser {
  name: string;
  uid: number;
  gid: number;
}

/**
 * Who is to run Postgres; undefined means: we ourselves, who are not root.
 * An existing cluster keeps its owner, so that a folder made without root can be started as root too.
 */
export function serverUser(clusterDir: string): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = ownerOf(clusterDir);
  if (owner && owner.uid !== 0) return { name: lookUp(String(owner.uid))?.name ?? String(owner.uid), ...owner };
  const user = lookUp('postgres') ?? lookUp('nobody');
  if (!user) throw new EmbeddedError('Started as root, but there is neither a user "postgres" nor "nobody" to run Postgres as: start it as an ordinary user.');
  return user;
}

function ownerOf(path: string): { uid: number; gid: number } | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && { uid: found.uid, gid: found.gid };
}

/** By `id` rather than /etc/passwd: it knows directory services too. */
function lookUp(nameOrUid: string): ServerUser | undefined {
  const id = (flag: string) => spawnSync('id', [flag, '--', nameOrUid], { encoding: 'utf8' });
  const ask = (...flags: string[]) => flags.map((flag) => id(flag)).map((r) => (r.status === 0 ? r.stdout.trim() : ''));
  const [name, uid, gid] = ask('-un', '-u', '-g');
  return name && uid && gid ? { name, uid: Number(uid), gid: Number(gid) } : undefined;
}

/** The environment of the servers: ours would leak PG* settings, and a HOME they may not read. */
export function serverEnv(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}

/**
 * The topmost folder on the way to `path` (itself included) that `user` may not pass through, if any.
 * Asked as that user instead of computed from the mode bits, which say nothing of ACLs and containers.
 */
export function firstClosedFolder(path: string, user: ServerUser): string | undefined {
  const way: string[] = [];
  for (let dir = path; ; dir = dirname(dir)) {
    way.unshift(dir);
    if (dir === dirname(dir)) break;
  }
  const script = 'for d; do [ -x "$d" ] || { printf %s "$d"; exit 1; }; done';
  const asked = spawnSync('/bin/sh', ['-c', script, 'sh', ...way], { encoding: 'utf8', uid: user.uid, gid: user.gid, cwd: '/', env: serverEnv() });
  if (asked.error) throw cannotBecome(user, asked.error);
  return asked.status === 0 ? undefined : asked.stdout;
}

function cannotBecome(user: ServerUser, error: Error): EmbeddedError {
  return new EmbeddedError(`Postgres has to run as the user "${user.name}" when started as root, which failed (${error.message}): start it as an ordinary user.`);
}

/** Whether `user` may enter this one folder, its parents aside. */
export function canPass(folder: string, user: ServerUser): boolean {
  return firstClosedFolder(folder, user) !== folder;
}
