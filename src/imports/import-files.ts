import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { Config } from '../platform/config/index.js';
import { Problem } from '../platform/errors/index.js';
import { Random } from '../platform/random/index.js';

/** 20 GB: some 100 million rows. Larger ones can be split. */
const MAX_FILE = 20 * 1024 ** 3;
/** A file whose import was never finished: long enough to mend what was wrong and go on. */
const KEPT_MS = 7 * 86_400_000;
/** Read at a time; together with one batch, what an import holds in memory. */
const CHUNK = 256 * 1024;

export interface Upload {
  /** Where the bytes are until the import takes them. */
  part: string;
  bytes: number;
  /** SHA-256 of the bytes as sent, hex. */
  hash: string;
  gzip: boolean;
}

/** The uploaded files: DATA_DIR/imports, which every process with the API or the jobs must share. */
@Injectable()
export class ImportFiles {
  private readonly folder: string;

  constructor(
    config: Config,
    private readonly random: Random,
    private readonly clock: Clock,
  ) {
    this.folder = join(config.env.DATA_DIR, 'imports');
  }

  /** Writes a stream to disk as it comes, and to the platter before it answers. @throws Problem 400, 413; nothing is left then */
  async receive(id: string, stream: Readable): Promise<Upload> {
    // Only we may look in: these are people's addresses.
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const part = join(this.folder, `${id}.${this.random.uuid()}.part`);
    try {
      return { part, ...(await writeAll(part, stream)) };
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
  }

  async keep(id: string, { part }: Upload): Promise<void> {
    await rename(part, this.path(id));
  }

  async discard({ part }: Upload): Promise<void> {
    await rm(part, { force: true });
  }

  async remove(id: string): Promise<void> {
    await rm(this.path(id), { force: true });
  }

  async has(id: string): Promise<boolean> {
    return stat(this.path(id)).then(() => true, () => false);
  }

  /** The text of the file, unpacked, in chunks; and what share of the file has been read so far. */
  async read(id: string): Promise<{ text: AsyncIterable<string>; share: () => number }> {
    const path = this.path(id);
    const size = await stat(path).then(({ size }) => size, () => {
      throw new Problem(409, 'The file is not here: the API and the workers must have the same DATA_DIR, and unfinished files are kept for 7 days.');
    });
    const raw = createReadStream(path, { highWaterMark: CHUNK });
    const bytes = (await isGzip(path)) ? raw.pipe(createGunzip({ chunkSize: CHUNK })) : raw;
    // pipe passes no errors on, and an unread one would end the process.
    raw.on('error', (error) => bytes.destroy(error));
    return { text: bytes.setEncoding('utf8') as AsyncIterable<string>, share: () => (size === 0 ? 1 : raw.bytesRead / size) };
  }

  /** Removes what was never finished. */
  async sweep(): Promise<void> {
    const names = await readdir(this.folder).catch(() => []);
    for (const name of names) {
      const path = join(this.folder, name);
      const file = await stat(path).catch(() => undefined);
      if (file && this.clock.now().getTime() - file.mtimeMs > KEPT_MS) await rm(path, { force: true });
    }
  }

  private path(id: string): string {
    return join(this.folder, id);
  }
}

async function writeAll(path: string, stream: Readable): Promise<Omit<Upload, 'part'>> {
  const file = await open(path, 'wx', 0o600);
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    let first: Buffer | undefined;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      first ??= chunk;
      bytes += chunk.length;
      if (bytes > MAX_FILE) throw new Problem(413, 'The file is larger than 20 GB; split it.');
      hash.update(chunk);
      await writeWhole(file, chunk);
    }
    await file.sync();
    return { bytes, hash: hash.digest('hex'), gzip: looksPacked(first) };
  } finally {
    await file.close();
  }
}

/** `write` may write less than all. */
async function writeWhole(file: FileHandle, chunk: Buffer): Promise<void> {
  for (let at = 0; at < chunk.length;) at += (await file.write(chunk, at)).bytesWritten;
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return looksPacked(buffer);
  } finally {
    await file.close();
  }
}

function looksPacked(start: Buffer | undefined): boolean {
  return start?.[0] === 0x1f && start[1] === 0x8b;
}
