import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { RedisMissing } from './errors.js';

const NAMES = ['redis-server', 'valkey-server'];
/** Homebrew's folders are often missing from the PATH of services. */
const MORE_PLACES = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'];

/**
 * The Redis (or Valkey) server to run: `REDIS_SERVER_BIN`, else the first on PATH.
 * @throws RedisMissing with the command that installs it on this system
 */
export function findRedis(env: NodeJS.ProcessEnv = process.env): string {
  const named = env.REDIS_SERVER_BIN;
  if (named) {
    if (isProgram(named)) return named;
    throw new RedisMissing(`REDIS_SERVER_BIN names ${named}, which is no program.`, redisInstallCommand());
  }
  const places = [...(env.PATH ?? '').split(delimiter).filter(Boolean), ...MORE_PLACES];
  const found = NAMES.flatMap((name) => places.map((place) => join(place, name))).find(isProgram);
  if (found) return found;
  throw new RedisMissing('Redis is missing: there is no redis-server on this system.', redisInstallCommand());
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The one command that installs Redis here. */
export function redisInstallCommand(): string {
  if (process.platform === 'darwin') return 'brew install redis';
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  if (existsSync('/usr/bin/apt-get')) return `${sudo}apt-get update && ${sudo}apt-get install -y redis-server`;
  if (existsSync('/usr/bin/dnf')) return `${sudo}dnf install -y valkey`;
  if (existsSync('/sbin/apk')) return `${sudo}apk add redis`;
  if (existsSync('/usr/bin/pacman')) return `${sudo}pacman -S --noconfirm valkey`;
  return `${sudo}apt-get install -y redis-server`;
}
