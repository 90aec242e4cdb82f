import { createHash, randomBytes } from 'node:crypto';
import { copyFileSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { inRoot, root } from './paths.mjs';
import { run, Told } from './run.mjs';

/** Builds that are kept: a process that runs from one may still load a file of it. */
const KEPT_BUILDS = 5;
const STAMP = '.sources.json';

/** Whether dist/ was built from the sources as they are now (those that `matters` picks). */
export function isFresh(matters = () => true) {
  const built = readStamp();
  if (!built) return false;
  const now = fingerprints();
  const files = new Set([...Object.keys(built), ...Object.keys(now)].filter((file) => matters(file) || isConfig(file)));
  return [...files].every((file) => built[file] === now[file]);
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(inRoot('dist', STAMP), 'utf8'));
  } catch {
    return undefined;
  }
}

const isConfig = (file) => file.startsWith('tsconfig');
const isSource = (file) => /\.(ts|sql)$/.test(file) && !file.endsWith('.spec.ts');

/** Contents, not times: a checkout or a touched file is no change. */
function fingerprints() {
  const files = ['src', 'migrations'].flatMap((folder) => filesBelow(folder)).filter(isSource);
  const configs = readdirSync(root).filter((name) => isConfig(name) && name.endsWith('.json'));
  return Object.fromEntries([...files, ...configs].map((file) => [file, createHash('sha1').update(readFileSync(inRoot(file))).digest('hex')]));
}

function filesBelow(folder) {
  const at = inRoot(folder);
  if (!statSync(at, { throwIfNoEntry: false })) return [];
  return readdirSync(at, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(folder, join(entry.parentPath, entry.name).slice(at.length + 1)));
}

/**
 * Compiles src and migrations into a folder of its own and then points the link `dist` at it, in one step, so that nobody
 * ever reads half a build and a running process keeps the one it started from. Types are checked by `npm run typecheck`.
 */
export async function build() {
  const before = fingerprints();
  const target = inRoot(`.dist-${randomBytes(4).toString('hex')}`);
  const tsc = inRoot('node_modules', 'typescript', 'bin', 'tsc');
  try {
    const code = await run(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--noCheck', '--outDir', target]);
    if (code !== 0) throw new Told('The sources do not compile: see above.');
    for (const file of Object.keys(before).filter((name) => name.endsWith('.sql'))) copy(file, join(target, file));
    writeFileSync(join(target, STAMP), JSON.stringify(before));
    pointDistAt(target);
  } catch (error) {
    rmSync(target, { recursive: true, force: true });
    throw error;
  }
  removeOldBuilds();
}

function copy(file, to) {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(inRoot(file), to);
}

function pointDistAt(target) {
  const dist = inRoot('dist');
  if (lstatSync(dist, { throwIfNoEntry: false })?.isDirectory()) {
    const old = `${target}-old`;
    renameSync(dist, old);
    rmSync(old, { recursive: true, force: true });
  }
  const link = `${target}.link`;
  symlinkSync(basename(target), link, 'dir');
  renameSync(link, dist);
}

function removeOldBuilds() {
  const builds = readdirSync(root)
    .filter((name) => name.startsWith('.dist-'))
    .map((name) => ({ name, time: lstatSync(inRoot(name)).mtimeMs }))
    .sort((a, b) => b.time - a.time);
  for (const { name } of builds.slice(KEPT_BUILDS)) rmSync(inRoot(name), { recursive: true, force: true });
}
