import { createHash } from 'node:crypto';
import { rmSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './paths.mjs';

/**
 * Runs `work` while no other process of this checkout runs work of the same name; others wait for it.
 * The lock is a listening unix socket, so it dies with its holder, however that dies; waiting is an open connection to it.
 */
export async function withLock(name, work, onWait = () => {}) {
  const address = lockAddress(name);
  let told = false;
  for (;;) {
    const server = await bind(address);
    if (server) {
      try {
        return await work();
      } finally {
        server.release();
      }
    }
    if (!told) onWait();
    told = true;
    await untilReleased(address);
  }
}

/** On Linux a name outside the file system (nothing to clean up), elsewhere a socket file. */
function lockAddress(name) {
  const { dev, ino } = statSync(root, { bigint: true });
  if (process.platform === 'linux') return `\0rapport:${name}:${dev}:${ino}`;
  const id = createHash('sha256').update(`${name}:${dev}:${ino}`).digest('hex').slice(0, 16);
  return process.platform === 'win32' ? `\\\\.\\pipe\\rapport-${id}` : join(tmpdir(), `rapport-${id}.lock`);
}

function bind(address) {
  return new Promise((done, fail) => {
    const waiting = new Set();
    const server = createServer((socket) => {
      waiting.add(socket);
      socket.on('error', () => {}).on('close', () => waiting.delete(socket));
    });
    const release = () => {
      server.close();
      for (const socket of waiting) socket.destroy();
    };
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? done(undefined) : fail(error)));
    server.listen(address, () => done({ release }));
  });
}

function untilReleased(address) {
  return new Promise((done) => {
    const socket = connect(address).resume();
    socket.once('error', (error) => {
      // Only a socket file can be left behind by a dead holder.
      if (error.code === 'ECONNREFUSED' && address.startsWith('/')) rmSync(address, { force: true });
      setTimeout(done, 20);
    });
    socket.once('end', () => socket.destroy());
    socket.once('close', (hadError) => hadError || done());
  });
}
