import { setTimeout as sleep } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

const OBJECT_IN_USE = '55006';

export interface TestDatabase {
  /** For pg and for TypeORM's `url`. */
  url: string;
  /** Closes every connection to it and removes it. */
  drop(): Promise<void>;
}

/** A database of its own with the migrated schema, copied from the run's template. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${process.pid}_${randomBytes(6).toString('hex')}`;
  // FILE_COPY asks for a checkpoint but copies; WAL_LOG writes every page of the template through the log.
  await copyTemplate(`CREATE DATABASE ${name} TEMPLATE rapport_template STRATEGY FILE_COPY`);
  return {
    url: adminUrl().replace('/postgres?', `/${name}?`),
    drop: () => asAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/** Two copies at the same time may see each other as "being accessed by other users". */
async function copyTemplate(statement: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await asAdmin(statement);
    } catch (error) {
      if ((error as { code?: string }).code !== OBJECT_IN_USE || attempt === 50) throw error;
      await sleep(50);
    }
  }
}

async function asAdmin(statement: string): Promise<void> {
  const client = new Client({ connectionString: adminUrl() });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function adminUrl(): string {
  const url = process.env.RAPPORT_TEST_PG;
  if (!url) throw new Error('No test Postgres: run this through jest, which starts it (unit specs below src/ get none).');
  return url;
}
