import type { DataDir } from './data-dir.js';
import type { PostgresBinaries } from './postgres-binaries.js';
import type { PostgresTuning } from './postgres-settings.js';
import type { ServerUser } from './server-user.js';

export type ServerName = 'postgres' | 'redis';

/** The first line the guardian reads; `stop` or the end of the stream is the second. */
export interface GuardianOrder {
  dir: DataDir;
  user?: ServerUser;
  binaries: PostgresBinaries;
  redisBinary: string;
  tuning: PostgresTuning;
  /** Nothing of the data is wanted afterwards: stop at once and remove the folder. */
  ephemeral: boolean;
}

/** Lines the guardian writes, as JSON. */
export type GuardianReport =
  | { event: 'ready' }
  | { event: 'failed'; message: string }
  | { event: 'died'; server: ServerName; how: string; log: string[] };
