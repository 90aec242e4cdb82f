import { sqlFile, type Transaction } from '../platform/database/index.js';
import type { IdRange, PassWave } from './pass-parameters.js';
import type { Pool } from './pass-statements.js';

/** A wave that has something to decide for the bucket: its audience (fresh), deferred rows that came free, entries of a trigger. */
export interface DueWaveRow extends PassWave {
  now: Date;
  freed: boolean;
  fresh: boolean;
  entered: boolean;
  /** One for each variant, as they were frozen; none where the run has fallen due since. */
  templateVersions: number[];
  /** How many more requests a throttled campaign may reserve now; null: no throttle. */
  room: number | null;
}

/** What of the wave is to be decided, in the order in which it became due. */
export function poolsOf(wave: DueWaveRow): Pool[] {
  const fresh: Pool[] = wave.sendTimes ? ['bestHour'] : ['fresh'];
  return [...(wave.freed ? ['deferred' as const] : []), ...(wave.entered ? ['entered' as const] : []), ...(wave.fresh ? fresh : [])];
}

const listDueWaves = sqlFile<IdRange & { now: Date | null; bucket: number }, DueWaveRow>(
  import.meta.url, './sql/list-due-waves.sql');

/** What is due for the bucket's users, in rank order. */
export async function dueWaves(tx: Transaction, params: IdRange & { now: Date | null; bucket: number }): Promise<DueWaveRow[]> {
  return (await tx.query(listDueWaves, params)).filter((wave) => wave.fresh || wave.freed || wave.entered);
}

/**
 * What is due no lower than the lowest campaign that somebody has entered: what ranks lower takes no slot from it, and is left to the
 * bulk pass. An event beside ten bulk campaigns of lower priority costs one statement then, not eleven.
 */
export function upToEntered(waves: readonly DueWaveRow[]): DueWaveRow[] {
  const lowest = Math.min(...waves.filter(({ entered }) => entered).map(({ definition }) => definition.priority));
  return waves.filter(({ definition }) => definition.priority >= lowest);
}
