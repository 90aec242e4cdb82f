import { readFileSync } from 'node:fs';
import type { Queryable } from '../../src/platform/database/index.js';
import type { MessageIds } from '../../src/planning/index.js';
import { History, type LedgerRow, type LogEntry, type Transition } from './history.js';

export type { History } from './history.js';

/** Writes down every change of a row's state or variant, in the transaction that makes it. */
export const RECORD_TRANSITIONS = `
  create table test_transitions (n bigint generated always as identity, id bigint, before delivery_state, after delivery_state,
    variant_before smallint, variant_after smallint, doubts smallint);
  create function record_transition() returns trigger language plpgsql as $$ begin
    insert into test_transitions (id, before, after, variant_before, variant_after, doubts)
    values (new.id, old.state, new.state, old.variant, new.variant, new.doubts);
    return null;
  end $$;
  create trigger transitions after update on deliveries for each row
    when (old.state <> new.state or old.variant <> new.variant) execute function record_transition()`;

/** The gateway's log; a last line that is still being written is left for next time. */
export function readLog(file: string): LogEntry[] {
  const text = readFileSync(file, 'utf8');
  return text.slice(0, text.lastIndexOf('\n') + 1).split('\n').filter(Boolean).map((line) => JSON.parse(line) as LogEntry);
}

/** What happened so far, out of the provider's log and the ledger. */
export async function readHistory(db: Queryable, ids: MessageIds, logFile: string): Promise<History> {
  const rows = await db.raw<LedgerRow>(
    `select d.month::text as month, d.id::text as id, d.user_id::text as "userId", d.run_id::text as "runId", d.campaign_id::text as "campaignId", d.state,
       d.reason, d.variant, d.attempts, d.doubts, c.definition ->> 'onDoubt' as "onDoubt", c.salt, u.user_id as "clientId",
       (select jsonb_agg(v -> 'weight') from jsonb_array_elements(c.definition -> 'variants') as v) as weights
     from deliveries as d join campaigns as c on c.id = d.campaign_id join users as u on u.id = d.user_id`);
  const transitions = await db.raw<Transition>(
    `select id::text as id, before, after, variant_before as "variantBefore", variant_after as "variantAfter", doubts from test_transitions order by n`);
  const open = await db.raw<{ n: number }>(`select count(*)::integer as n from slices where closed_at is null`);
  return new History(readLog(logFile), rows, transitions, open[0]!.n, (text) => ids.decode(text)?.id);
}
