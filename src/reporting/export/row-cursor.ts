import type { Database } from '../../platform/database/index.js';
import type { Statement } from '../message-rows.js';

const BATCH = 1_000;
// Longer than a reader may stall, so that the stall is noticed here and not as a lost connection.
const IDLE_MS = 120_000;
// One fetch may have to walk the whole ledger for its next thousand rows; a reader that gives up ends it at once.
const FETCH_MS = 600_000;

/**
 * The rows of one statement, a thousand at a time, from one snapshot and with nothing held in memory. Leaving the loop early closes
 * the cursor, and `gone` also ends the fetch under way, so that nobody's forgotten export keeps a connection.
 */
export async function* readRows<Row>(database: Database, { text, values }: Statement, gone: AbortSignal): AsyncGenerator<Row[]> {
  const client = await database.pool.connect();
  const { processID } = client as unknown as { processID: number };
  const cancel = (): void => void database.raw('select pg_cancel_backend($1)', [processID]).catch(() => undefined);
  let done = false;
  gone.addEventListener('abort', cancel, { once: true });
  try {
    await client.query('begin read only');
    await client.query(
      `select set_config('idle_in_transaction_session_timeout', '${IDLE_MS}', true), set_config('statement_timeout', '${FETCH_MS}', true),
         -- The first rows soon, in the order of an index: a sort would read a million of them before the first could leave.
         set_config('cursor_tuple_fraction', '0.0001', true), set_config('enable_sort', 'off', true)`);
    await client.query(`declare export no scroll cursor for ${text}`, values);
    for (let rows: Row[] = []; !done; done = rows.length < BATCH) {
      rows = (await client.query(`fetch forward ${BATCH} from export`)).rows as Row[];
      if (rows.length > 0) yield rows;
    }
    await client.query('rollback');
  } catch (error) {
    done = false;
    if (!gone.aborted) throw error;
  } finally {
    gone.removeEventListener('abort', cancel);
    // Unless all went well the connection is thrown away: a late cancel must not meet its next user.
    client.release(!done || gone.aborted);
  }
}
