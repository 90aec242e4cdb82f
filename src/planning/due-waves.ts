import { sqlFile } from '../platform/database/index.js';
import type { IdRange, PassWave } from './pass-parameters.js';

/** A wave that has something to decide for the bucket: its audience (fresh), deferred rows that came free, or both. */
export interface DueWaveRow extends PassWave {
  now: Date;
  freed: boolean;
  fresh: boolean;
}

export const listDueWaves = sqlFile<IdRange & { now: Date | null; bucket: number }, DueWaveRow>(
  import.meta.url, './sql/list-due-waves.sql');
