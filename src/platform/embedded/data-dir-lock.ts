import { linkSync, lstatSync, renameSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { DataDir } from './data-dir.js';
import { DataDirInUse } from './errors.js';

/** A lock that is exactly as old as its process: the kernel takes it back at any death and keeps it while stopped. */
export interface DataDirLock {
  release(): Promise<void>;
}

/**
 * Takes the data folder for this process.
 * On Linux the lock is an abstract unix socket named after the folder's device and inode: binding is atomic, nothing is
 * left behind, no pid can be reused. Node has no flock(2). Elsewhere it is a socket file, which may be stale and is
 * probed by connecting.
 * @throws DataDirInUse
 */
export async function lockDataDir(dir: DataDir, abstractNames = process.platform === 'linux'): Promise<DataDirLock> {
  const server = abstractNames ? await lockByName(dir) : await lockByFile(dir);
  return { release: () => new Promise((done) => server.close(() => done())) };
}

async function lockByName(dir: DataDir): Promise<Server> {
  const name = `\0rapport:data:${dir.identity}`;
  const server = await bind(name);
  if (server) return server;
  throw new DataDirInUse(dir.root, await holderOf(name));
}

async function lockByFile(dir: DataDir): Promise<Server> {
  const file = join(dir.sockets, 'lock');
  for (let attempt = 0; attempt < 3; attempt++) {
    const server = await bind(file);
    if (server) return server;
    if (await isAlive(file)) throw new DataDirInUse(dir.root, await holderOf(file));
    setAside(file);
    // Between the probe and the rename somebody may have put a living lock there: look at what was really moved.
    const moved = `${file}.${process.pid}`;
    if (await isAlive(moved)) {
      linkSync(moved, file);
      rmSync(moved);
      throw new DataDirInUse(dir.root);
    }
    rmSync(moved, { force: true });
  }
  throw new DataDirInUse(dir.root);
}

function setAside(file: string): void {
  if (lstatSync(file, { throwIfNoEntry: false })) renameSync(file, `${file}.${process.pid}`);
}

/** Resolves to undefined where the name is taken. */
function bind(name: string): Promise<Server | undefined> {
  return new Promise((done, fail) => {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.end(`process ${process.pid}`);
    });
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? done(undefined) : fail(error)));
    server.listen(name, () => done(server.unref()));
  });
}

/** What the holder says about itself; a stopped one says nothing. */
function holderOf(name: string): Promise<string | undefined> {
  return new Promise((done) => {
    const socket = connect(name).setEncoding('utf8').setTimeout(300);
    let said = '';
    socket.on('data', (text: string) => (said += text));
    socket.on('timeout', () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => done(said || undefined));
  });
}

/** Whether somebody listens on a socket (file): a connect succeeds by the kernel alone, even if the listener is stopped. */
export function isAlive(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => done(error.code === 'EAGAIN'));
  });
}
