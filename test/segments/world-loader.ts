import type { Transaction } from '../../src/platform/database/index.js';
import { INSTANTS } from './rule-arbitraries.js';
import type { World } from './world-arbitraries.js';

export const LISTED_ID = 1;

/** What all worlds share: partitions, two campaigns with a regular and a test run each (runs 1 to 4), a static segment. */
export async function loadScene(db: Pick<Transaction, 'raw'>): Promise<void> {
  const months = [...new Set(INSTANTS.map((at) => `${at.toISOString().slice(0, 7)}-01`))];
  for (const month of months.filter((first) => first >= '2020')) await db.raw(`select ensure_month_partition('events', $1)`, [month]);
  await db.raw(`select ensure_month_partition('deliveries', '2026-03-01')`);
  await db.raw(`insert into campaigns (name, channel, transactional, priority, definition, salt) select 'c' || i, 'push', false, 50, '{}', 's' from generate_series(1, 2) i`);
  await db.raw(`insert into runs (campaign_id, scheduled_for, kind, month, expires_at)
    select c, '2026-03-01', k, '2026-03-01', '2026-04-01' from generate_series(1, 2) c, unnest(array['regular', 'test']) k order by k, c`);
  await db.raw(`insert into segments (key, name, static) values ('listed', 'Listed', true)`);
}

/** Writes a world's users with the ids 1, 2, … */
export async function loadWorld(tx: Transaction, { users }: World): Promise<void> {
  const rows = <T>(of: (user: World['users'][number]) => T[]): (T & { u: number; n: number })[] =>
    users.flatMap((user, i) => of(user).map((row) => ({ ...row, u: i + 1 }))).map((row, n) => ({ ...row, n }));
  const load = (statement: string, list: object[]): Promise<unknown> => tx.raw(statement, [JSON.stringify(list)]);
  await load(`
    insert into users (id, user_id, email, email_hash, timezone, locale, device_timezone, device_locale, attributes, created_at, last_seen_at)
    select u, 'user ' || u, email, sha256(u::text::bytea), timezone, locale, "deviceTimezone", "deviceLocale", attributes, "createdAt", "lastSeenAt"
    from jsonb_to_recordset($1) as r (u bigint, email text, timezone text, locale text, "deviceTimezone" text, "deviceLocale" text, attributes jsonb,
      "createdAt" timestamptz, "lastSeenAt" timestamptz)`, rows((user) => [{ ...user, events: undefined, messages: undefined }]));
  await load(`insert into suppressions (address_hash, reason) select sha256(u::text::bytea), 'x' from jsonb_to_recordset($1) as r (u bigint)`,
    rows((user) => (user.suppressed ? [{}] : [])));
  await load(`
    insert into devices (token_hash, token, user_id, platform, permission, last_seen_at)
    select sha256(n::text::bytea), n::text, u, 'ios', permission, "lastSeenAt"
    from jsonb_to_recordset($1) as r (n int, u bigint, permission text, "lastSeenAt" timestamptz)`, rows((user) => user.devices));
  await load(`insert into subscriptions (user_id, channel, topic, state, occurred_at)
    select u, channel, topic, state, now() from jsonb_to_recordset($1) as r (u bigint, channel channel, topic text, state text)`, rows((user) => user.subscriptions));
  await load(`
    insert into user_scores (user_id, recency, frequency, monetary, rfm_group, last_purchase_at, purchases, revenue, probability_alive, expected_purchases_90d, expected_value_90d, as_of)
    select u, recency, frequency, monetary, "group", now(), 1, 1, alive, purchases, value, now()
    from jsonb_to_recordset($1) as r (u bigint, recency int, frequency int, monetary int, "group" text, alive float8, purchases float8, value float8)`,
  rows((user) => (user.scores ? [user.scores] : [])));
  await load(`insert into segment_members (segment_id, user_id, entered_at) select ${LISTED_ID}, u, now() from jsonb_to_recordset($1) as r (u bigint)`,
    rows((user) => (user.listed ? [{}] : [])));
  await loadEvents(load, rows((user) => user.events));
  await loadMessages(load, rows((user) => user.messages));
}

type Load = (statement: string, list: object[]) => Promise<unknown>;

async function loadEvents(load: Load, events: object[]): Promise<void> {
  await load(`
    insert into events (month, user_id, occurred_at, name, event_id, value, currency, properties, received_at)
    select date_trunc('month', "occurredAt" at time zone 'UTC'), u, "occurredAt", name, n::text, value, currency, properties, now()
    from jsonb_to_recordset($1) as r (n int, u bigint, "occurredAt" timestamptz, name text, value numeric, currency text, properties jsonb)`, events);
  await load(`
    insert into user_event_days (user_id, name, day, currency, count, sum, first_at, last_at)
    select user_id, name, (occurred_at at time zone 'UTC')::date, coalesce(currency, ''), count(*), coalesce(sum(value), 0), min(occurred_at), max(occurred_at)
    from events where $1::jsonb is not null group by 1, 2, 3, 4`, events);
}

async function loadMessages(load: Load, messages: object[]): Promise<void> {
  const columns = `(n bigint, u bigint, channel channel, campaign int, test boolean, transactional boolean, state delivery_state, "settledAt" timestamptz,
    "openedAt" timestamptz, "clickedAt" timestamptz, conversions timestamptz[])`;
  await load(`
    insert into deliveries (month, user_id, id, run_id, wave_id, campaign_id, entry, due_at, decided_at, expires_at, counted_at, settled_at, policy_version, state, reason, channel)
    select '2026-03-01', u, n + 1, campaign + case when test then 2 else 0 end, 1, campaign, n, now(), now(), now(),
      case when not test and not transactional and state in ('sent', 'unknown') then "settledAt" end, "settledAt", 0, state,
      case when state = 'suppressed' then 'expired'::delivery_reason end, channel
    from jsonb_to_recordset($1) as r ${columns}`, messages);
  await load(`
    insert into message_facts (month, user_id, delivery_id, campaign_id, run_id, channel, opened_at, clicked_at, updated_at)
    select '2026-03-01', u, n + 1, campaign, campaign + case when test then 2 else 0 end, channel, "openedAt", "clickedAt", now()
    from jsonb_to_recordset($1) as r ${columns} where "openedAt" is not null or "clickedAt" is not null`, messages);
  await load(`
    insert into conversions (user_id, event_id, name, occurred_at, month, delivery_id, campaign_id, run_id, credited_at)
    select u, n || ' ' || i, 'purchase', at, '2026-03-01', n + 1, campaign, campaign + case when test then 2 else 0 end, now()
    from jsonb_to_recordset($1) as r ${columns}, unnest(conversions) with ordinality c (at, i)`, messages);
}
