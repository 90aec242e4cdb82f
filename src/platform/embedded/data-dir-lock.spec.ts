import { linkSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDataDir } from './data-dir-lock.js';
import type { DataDir } from './data-dir.js';
import { DataDirInUse } from './errors.js';

const byFile = false;
let dir: DataDir;

beforeEach(() => {
  const sockets = mkdtempSync(join(tmpdir(), 'lock-'));
  dir = { root: sockets, sockets, identity: sockets } as DataDir;
});

afterEach(() => rmSync(dir.sockets, { recursive: true }));

/** Removes the listener but not its file, as a kill -9 does. */
async function leaveStaleSocket(file: string): Promise<void> {
  const other = `${file}-other`;
  const server = createServer();
  await new Promise<void>((done) => server.listen(other, done));
  linkSync(other, file);
  await new Promise((done) => server.close(done));
}

describe('the lock of the data folder where sockets are files (not on Linux)', () => {
  it('is held by one, who tells who it is, and is free again after its release', async () => {
    const lock = await lockDataDir(dir, byFile);
    await expect(lockDataDir(dir, byFile)).rejects.toThrow(new DataDirInUse(dir.root, `process ${process.pid}`));
    await lock.release();
    await (await lockDataDir(dir, byFile)).release();
  });

  it('is taken from a holder that was killed', async () => {
    await leaveStaleSocket(join(dir.sockets, 'lock'));
    const lock = await lockDataDir(dir, byFile);
    await expect(lockDataDir(dir, byFile)).rejects.toThrow(DataDirInUse);
    await lock.release();
  });
});
