/** What a command needs before it can run: packages, the build, Redis. Plain Node: nothing here may need a package. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build, isFresh } from './compile.mjs';
import { withLock } from './lock.mjs';
import { inRoot } from './paths.mjs';
import { run, Told } from './run.mjs';

/**
 * Runs `npm ci` when node_modules is missing, half installed or older than package-lock.json.
 * What is installed is read from npm's own record, so that an install by hand counts. Two commands at the same time in one
 * checkout install once.
 */
export async function ensureDependencies() {
  if (isInstalled()) return;
  await withLock('install', install, () => console.error('Another command is installing the packages: waiting for it …'));
}

async function install() {
  if (isInstalled()) return;
  console.error('Installing the packages (npm ci), once …');
  const [command, ...args] = npm();
  const code = await run(command, [...args, 'ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund'], { env: plainEnv() });
  if (code !== 0 || !isInstalled()) throw new Told('The packages could not be installed: run "npm ci" and see what it says.');
}

function npm() {
  const beside = join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js');
  const script = [process.env.npm_execpath, beside].find((path) => path?.endsWith('npm-cli.js') && existsSync(path));
  return script ? [process.execPath, script] : ['npm'];
}

/** Without what an outer `npm run` set for its own script. */
function plainEnv() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_(lifecycle|package|command)/.test(name)));
}

/** Whether everything package-lock.json asks for stands in node_modules at that version. Optional packages depend on the platform. */
function isInstalled() {
  const installed = readLock(inRoot('node_modules', '.package-lock.json'));
  const wanted = readLock(inRoot('package-lock.json'));
  if (!installed || !wanted) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '' || entry.optional || entry.devOptional || entry.peer) return true;
    return installed[path]?.version === entry.version && installed[path]?.integrity === entry.integrity;
  });
}

function readLock(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * Compiles to dist/ when a source has changed since the last time.
 * @param {(file: string) => boolean} [matters] look only at these sources, by path relative to the checkout
 */
export async function ensureBuild(matters) {
  if (isFresh(matters)) return;
  await withLock('build', () => isFresh(matters) || build(), () => console.error('Another command is building: waiting for it …'));
}

/**
 * Makes sure that a Redis server can be started. Builds first, because the built code knows how to find one.
 * @param {{ install: boolean }} options whether it may be installed through apt where we are root or have sudo without a password
 */
export async function ensureRedis({ install }) {
  await ensureBuild();
  const { findRedis } = await import(new URL('../../dist/src/platform/embedded/redis-binary.js', import.meta.url));
  const missing = reasonItIsMissing(findRedis);
  if (!missing) return;
  if (process.env.REDIS_SERVER_BIN || !install) throw new Told(missing);
  await withLock('redis', () => reasonItIsMissing(findRedis) && installRedis(missing));
  const still = reasonItIsMissing(findRedis);
  if (still) throw new Told(still);
}

function reasonItIsMissing(findRedis) {
  try {
    findRedis();
    return undefined;
  } catch (error) {
    return error.message;
  }
}

async function installRedis(missing) {
  if (!existsSync('/usr/bin/apt-get')) throw new Told(missing);
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && (await sudo(['true'], true)) !== 0) throw new Told(`${missing}\nIt could not be installed for you: that needs root, or sudo without a password.`);
  console.error('Redis is missing: installing redis-server through apt …');
  const apt = (...args) => (isRoot ? run('env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args]) : sudo(['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args]));
  // A failed update need not matter: the lists may be there already.
  if ((await apt('-qq', 'update')) !== 0) console.error('apt-get update failed; trying to install all the same.');
  if ((await apt('install', '-y', '-qq', '--no-install-recommends', 'redis-server')) !== 0) throw new Told(`${missing}\napt-get could not install it (see above).`);
}

function sudo(args, quiet = false) {
  return run('sudo', ['-n', ...args], { quiet }).catch(() => 1);
}
