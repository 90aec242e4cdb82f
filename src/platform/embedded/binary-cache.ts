import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, copyFileSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Entry {
  path: string;
  kind: 'folder' | 'file';
  size: number;
  mode: number;
}

/**
 * A copy of a folder of programs below the system's temporary folder that every user may read and run.
 * Built beside its place and renamed into it, so that two starts may race; taken only if it belongs to us, nobody else may
 * write to it and it is complete (temporary folders are swept by age), so that no other user can plant programs.
 * @param usable the last word on whether the copy works (a noexec mount, say)
 * @returns the folder, or undefined where none of the places worked
 */
export function cachedCopy(source: string, version: string, usable: (folder: string) => boolean): string | undefined {
  const entries = list(source);
  const content = createHash('sha256').update(JSON.stringify([version, entries])).digest('hex').slice(0, 12);
  const name = `rapport-postgres-${version}-${content}-${process.getuid?.() ?? 0}`;
  for (const base of new Set([tmpdir(), '/tmp', '/var/tmp'])) {
    const target = join(base, name);
    try {
      if (!isIntact(target, entries)) install(source, entries, target);
      if (isIntact(target, entries) && usable(target)) return target;
    } catch {
      // A full, missing or read-only place: the next one may do. The caller reports the reason if none does.
    }
  }
  return undefined;
}

function list(root: string, below = ''): Entry[] {
  const names = readdirSync(join(root, below)).sort();
  return names.flatMap((name) => {
    const path = join(below, name);
    const { mode, size, isDirectory, isSymbolicLink } = facts(join(root, path));
    if (isDirectory) return [{ path, kind: 'folder' as const, size: 0, mode: 0o755 }, ...list(root, path)];
    // Links are made anew from the package's own list, whether its install script ran or not.
    if (isSymbolicLink) return [];
    return [{ path, kind: 'file' as const, size, mode: mode & 0o100 ? 0o755 : 0o644 }];
  });
}

function facts(path: string) {
  const found = lstatSync(path);
  return { mode: found.mode, size: found.size, isDirectory: found.isDirectory(), isSymbolicLink: found.isSymbolicLink() };
}

function install(source: string, entries: Entry[], target: string): void {
  const building = `${target}.${process.pid}-${randomBytes(6).toString('hex')}`;
  mkdirSync(building, { mode: 0o700 });
  try {
    for (const { path, kind, mode } of entries) {
      const to = join(building, path);
      if (kind === 'folder') mkdirSync(to);
      else copyFileSync(join(source, path), to);
      chmodSync(to, mode); // whatever the umask
    }
    chmodSync(building, 0o755);
    if (lstatSync(target, { throwIfNoEntry: false })) discard(target);
    renameSync(building, target);
  } catch (error) {
    // Somebody else may have finished first: isIntact judges what stands there now.
    if (!isIntact(target, entries)) throw error;
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

function discard(target: string): void {
  const aside = `${target}.${process.pid}-${randomBytes(6).toString('hex')}`;
  renameSync(target, aside);
  rmSync(aside, { recursive: true, force: true });
}

function isIntact(target: string, entries: Entry[]): boolean {
  const uid = process.getuid?.();
  const safe = (path: string, kind: Entry['kind'], size: number) => {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found || found.uid !== uid || found.mode & 0o022) return false;
    return kind === 'folder' ? found.isDirectory() : found.isFile() && found.size === size;
  };
  return safe(target, 'folder', 0) && entries.every(({ path, kind, size }) => safe(join(target, path), kind, size));
}
