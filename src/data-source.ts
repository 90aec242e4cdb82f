import 'reflect-metadata';
import pg from 'pg';
import { InitialSchema1764000000000 } from '../migrations/1764000000000-InitialSchema.js';
import { LedgerLayout1764100000003 } from '../migrations/1764100000003-LedgerLayout.js';
import { IdempotentAnswers1764100000005 } from '../migrations/1764100000005-IdempotentAnswers.js';
import { FeedbackLoop1764100000007 } from '../migrations/1764100000007-FeedbackLoop.js';
import { FollowedSegments1764100000008 } from '../migrations/1764100000008-FollowedSegments.js';
import { FollowedScores1764100000009 } from '../migrations/1764100000009-FollowedScores.js';
import { LedgerBytes1764100000014 } from '../migrations/1764100000014-LedgerBytes.js';
import { MarksByStatement1764100000016 } from '../migrations/1764100000016-MarksByStatement.js';
import { EventDaysByName1764100000017 } from '../migrations/1764100000017-EventDaysByName.js';
import { EventDaysRoom1764100000018 } from '../migrations/1764100000018-EventDaysRoom.js';
import { WishesInOrder1764100000019 } from '../migrations/1764100000019-WishesInOrder.js';
import { InlinedHash1764100000020 } from '../migrations/1764100000020-InlinedHash.js';
import { KeptPace1764100000021 } from '../migrations/1764100000021-KeptPace.js';
import { ChunkRequests1764100000022 } from '../migrations/1764100000022-ChunkRequests.js';
import { RecurrenceSince1764100000023 } from '../migrations/1764100000023-RecurrenceSince.js';
import { WaveZones1764100000024 } from '../migrations/1764100000024-WaveZones.js';

/** Migrations by class, never by glob: a glob loads .ts under the tests and .js in the build. */
export const MIGRATIONS = [
  InitialSchema1764000000000, LedgerLayout1764100000003, IdempotentAnswers1764100000005, FeedbackLoop1764100000007,
  FollowedSegments1764100000008, FollowedScores1764100000009, LedgerBytes1764100000014, MarksByStatement1764100000016,
  EventDaysByName1764100000017, EventDaysRoom1764100000018, WishesInOrder1764100000019,
  InlinedHash1764100000020,
  KeptPace1764100000021, ChunkRequests1764100000022, RecurrenceSince1764100000023, WaveZones1764100000024,
];

// Any number, fixed for ever: processes that start together migrate one after the other.
const MIGRATION_LOCK = 7_205_759;

/** Brings the database up to this release; safe to call from several processes at once. */
export async function migrate(databaseUrl: string): Promise<void> {
  if (await isUpToDate(databaseUrl)) return;
  // Half a second of every start that has nothing to migrate: so only where there is.
  const { DataSource } = await import('typeorm');
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

/** Whether each migration of this release has been run; each is recorded in the transaction that runs it. */
async function isUpToDate(databaseUrl: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on('error', () => undefined); // the statement that fails says it
  await client.connect();
  try {
    const table = await client.query<{ there: boolean }>(`select to_regclass('public.migrations') is not null as there`);
    if (!table.rows[0]!.there) return false;
    const { rows } = await client.query<{ name: string }>('select name from public.migrations');
    const done = new Set(rows.map(({ name }) => name));
    return MIGRATIONS.every((migration) => done.has(migration.name));
  } finally {
    await client.end();
  }
}
