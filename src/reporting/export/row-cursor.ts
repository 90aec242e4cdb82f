import type { Database } from '../../platform/database/index.js';
import type { Statement } from '../message-rows.js';

const BATCH = 1_000;
// Longer than a reader may stall, so that the stall is noticed here and not as a lost connection.
const IDLE_MS = 120_000;

/**
 * The rows of one statement, a thousand at a time, from one snapshot and with nothing held in memory. Leaving the loop early (a
 * reader that went away) closes the cursor and frees its connection.
 */
export async function* readRows<Row>(database: Database, { text, values }: Statement): AsyncGenerator<Row[]> {
  const client = await database.pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin read only');
    await client.query(`set local idle_in_transaction_session_timeout = ${IDLE_MS}`);
    await client.query(`declare export no scroll cursor for ${text}`, values);
    for (;;) {
      const { rows } = await client.query(`fetch forward ${BATCH} from export`);
      if (rows.length > 0) yield rows as Row[];
      if (rows.length < BATCH) return;
    }
  } catch (error) {
    broken = error as Error;
    throw error;
  } finally {
    // A read-only transaction has nothing to lose: after a fault the connection is simply thrown away.
    if (!broken) await client.query('rollback').catch((error: Error) => (broken = error));
    client.release(broken);
  }
}
