import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Queryable } from '../../src/platform/database/index.js';

const FILE = new URL('../../../shared/data/cdnow_elog.csv.gz', import.meta.url);

export const hasCdnow = existsSync(FILE);
if (!hasCdnow) console.warn(`skipped: ${FILE.pathname} is not there, so nothing is held to the CDNOW log`);

/** Loads the log of 2,357 customers (1997-01-01 to 1998-06-30) as purchases at midnight UTC, each line an event. */
export async function loadCdnow(db: Queryable): Promise<void> {
  const [, ...lines] = gunzipSync(readFileSync(FILE)).toString('utf8').trim().split('\n');
  const rows = lines.map((line, i) => {
    const [customer, , date, , amount] = line.split(',');
    return { n: i, user: customer, date, amount };
  });
  await db.raw(`insert into users (id, user_id, created_at)
    select nextval('user_id_seq'), u, '1997-01-01' from (select distinct r.user as u from jsonb_to_recordset($1) as r ("user" text)) x`, [JSON.stringify(rows)]);
  await db.raw(`insert into events (month, user_id, occurred_at, name, event_id, value, received_at)
    select date_trunc('month', r.date), u.id, r.date at time zone 'UTC', 'purchase', r.n::text, r.amount, now()
    from jsonb_to_recordset($1) as r (n int, "user" text, date timestamp, amount numeric) join users u on u.user_id = r.user`, [JSON.stringify(rows)]);
  await aggregateEvents(db);
}

/** What the ingest transaction keeps, computed from the events at once. */
export async function aggregateEvents(db: Queryable): Promise<void> {
  await db.raw(`insert into user_event_days (user_id, name, day, currency, count, sum, first_at, last_at)
    select user_id, name, (occurred_at at time zone 'UTC')::date, coalesce(currency, ''), count(*), coalesce(sum(value), 0), min(occurred_at), max(occurred_at)
    from events group by 1, 2, 3, 4`);
}
