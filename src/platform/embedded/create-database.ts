import { Client } from 'pg';
import type { DataDir } from './data-dir.js';
import { databaseUrl, POSTGRES_DATABASE } from './postgres-settings.js';

const UNKNOWN_DATABASE = '3D000';

/** Creates the application's database where it is missing. @returns whether it was created */
export async function createDatabaseIfMissing(dir: DataDir): Promise<boolean> {
  try {
    await withClient(databaseUrl(dir), () => Promise.resolve());
    return false;
  } catch (error) {
    if ((error as { code?: string }).code !== UNKNOWN_DATABASE) throw error;
  }
  await withClient(databaseUrl(dir, 'postgres'), (client) => client.query(`CREATE DATABASE ${POSTGRES_DATABASE}`));
  return true;
}

async function withClient(url: string, use: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined); // a dying server is reported by the guardian
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end();
  }
}
