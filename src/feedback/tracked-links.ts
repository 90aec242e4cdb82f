import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ApiDatabase, WorkerDatabase, sqlFile } from '../platform/database/index.js';

const upsert = sqlFile<{ hashes: Buffer[]; urls: string[] }, { id: string; url: string }>(import.meta.url, './sql/upsert-tracked-links.sql');
const find = sqlFile<{ id: string }, { url: string }>(import.meta.url, './sql/find-tracked-link.sql');

// A campaign has a handful of URLs for a million mails; URLs made for each recipient must not fill the memory.
const CACHED = 10_000;

/** The URLs that clicks may lead to, each stored once; a redirect knows no other. */
@Injectable()
export class TrackedLinks {
  private readonly ids = new Map<string, string>();
  private readonly urls = new Map<string, string>();

  constructor(
    private readonly api: ApiDatabase,
    private readonly worker: WorkerDatabase,
  ) {}

  /** The ids of the URLs, in their order; new ones are stored. */
  async idsOf(urls: readonly string[]): Promise<string[]> {
    const known = new Map(urls.map((url) => [url, this.ids.get(url)]));
    const missing = [...known.keys()].filter((url) => known.get(url) === undefined);
    const stored = missing.length > 0 ? await this.worker.query(upsert, { hashes: missing.map(hash), urls: missing }) : [];
    for (const { id, url } of stored) {
      known.set(url, id);
      remember(this.ids, url, id);
    }
    return urls.map((url) => known.get(url)!);
  }

  /** @returns undefined for an id that was never given. */
  async urlOf(id: string): Promise<string | undefined> {
    const known = this.urls.get(id);
    if (known !== undefined) return known;
    const [row] = await this.api.query(find, { id });
    if (row) remember(this.urls, id, row.url);
    return row?.url;
  }
}

function hash(url: string): Buffer {
  return createHash('sha256').update(url).digest();
}

/** Forgets what was learnt first. */
function remember(cache: Map<string, string>, key: string, value: string): void {
  if (cache.size >= CACHED) cache.delete(cache.keys().next().value!);
  cache.set(key, value);
}
