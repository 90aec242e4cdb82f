import { sqlFile, type Transaction } from '../platform/database/index.js';

const TABLES = [
  sqlFile(import.meta.url, './sql/create-pass-pool.sql'), sqlFile(import.meta.url, './sql/create-pass-reserved.sql'),
  sqlFile(import.meta.url, './sql/create-pass-history.sql'), sqlFile(import.meta.url, './sql/create-pass-known.sql'),
  sqlFile(import.meta.url, './sql/create-pass-heard.sql'), sqlFile(import.meta.url, './sql/create-pass-asked.sql'),
].map(({ text }) => text).join('\n');

/** The tables of a pass, if the session has none yet: all in one message, because each by itself is a round trip under the lock. */
export async function createPassTables(tx: Transaction): Promise<void> {
  await tx.raw(TABLES);
}
