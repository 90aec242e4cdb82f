import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { InitialSchema1764000000000 } from '../migrations/1764000000000-InitialSchema.js';
import { LedgerLayout1764100000003 } from '../migrations/1764100000003-LedgerLayout.js';
import { IdempotentAnswers1764100000005 } from '../migrations/1764100000005-IdempotentAnswers.js';
import { FollowedSegments1764100000008 } from '../migrations/1764100000008-FollowedSegments.js';
import { FollowedScores1764100000009 } from '../migrations/1764100000009-FollowedScores.js';

/** Migrations by class, never by glob: a glob loads .ts under the tests and .js in the build. */
export const MIGRATIONS = [
  InitialSchema1764000000000, LedgerLayout1764100000003, IdempotentAnswers1764100000005, FollowedSegments1764100000008,
  FollowedScores1764100000009,
];

// Any number, fixed for ever: processes that start together migrate one after the other.
const MIGRATION_LOCK = 7_205_759;

/** Brings the database up to this release; safe to call from several processes at once. */
export async function migrate(databaseUrl: string): Promise<void> {
  const source = new DataSource({ type: 'postgres', url: databaseUrl, migrations: MIGRATIONS, poolSize: 2 });
  await source.initialize();
  const lock = source.createQueryRunner();
  try {
    await lock.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await source.runMigrations({ transaction: 'each' });
  } finally {
    await lock.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => undefined);
    await lock.release();
    await source.destroy();
  }
}
