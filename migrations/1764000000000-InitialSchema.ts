import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The whole first schema, room by room in the order of the data's way. Raw SQL: what matters here (partitions, partial and
 * covering indexes, fillfactor) has no entity notation.
 */
export class InitialSchema1764000000000 implements MigrationInterface {
  name = 'InitialSchema1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const part of [PLATFORM, RECIPIENTS, EVENTS, SCORING, SEGMENTS, TEMPLATES, CAMPAIGNS, LEDGER, FEEDBACK]) {
      await runner.query(part);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop schema public cascade; create schema public');
  }
}

const PLATFORM = `
create type channel as enum ('push', 'email');
create type key_scope as enum ('admin', 'marketer', 'analyst', 'ingest', 'app');

-- One row. The secret keys the address hashes and the message ids, so it may never change in the life of a database.
create table installation (
  singleton boolean primary key default true check (singleton),
  secret bytea not null check (length(secret) = 32),
  created_at timestamptz not null default clock_timestamp());

create table settings (
  singleton boolean primary key default true check (singleton),
  value jsonb not null,
  updated_at timestamptz not null default clock_timestamp());

create table engine_state (
  singleton boolean primary key default true check (singleton),
  stopped_at timestamptz,
  stop_reason text,
  check ((stopped_at is null) = (stop_reason is null)));
insert into engine_state default values;

create table api_keys (
  id bigint generated always as identity primary key,
  name text not null,
  scope key_scope not null,
  prefix text not null,
  key_hash bytea not null unique,
  created_at timestamptz not null default clock_timestamp(),
  last_used_at timestamptz,
  revoked_at timestamptz);

create table idempotency_keys (
  caller text not null,
  key text not null,
  fingerprint bytea not null,
  status smallint,
  body text,
  created_at timestamptz not null default clock_timestamp(),
  primary key (caller, key));
create index idempotency_keys_age on idempotency_keys (created_at);

create table jobs (
  id bigint generated always as identity primary key,
  type text not null,
  payload jsonb not null default '{}',
  status text not null default 'queued' check (status in ('queued', 'running', 'done', 'failed')),
  progress real not null default 0 check (progress between 0 and 1),
  result jsonb,
  error text,
  created_at timestamptz not null default clock_timestamp(),
  lease_until timestamptz,
  finished_at timestamptz);
create index jobs_open on jobs (id) where status in ('queued', 'running');

-- Creates the month's partition of a table partitioned by range. ATTACH after CREATE … LIKE because CREATE … PARTITION OF
-- would lock the parent against every reader; the advisory lock makes two first writers of a month wait for each other. The
-- second look reads pg_class itself: to_regclass answers from a cache that the wait for the lock does not refresh.
create function ensure_month_partition(parent text, month date) returns void language plpgsql as $$
declare
  partition text := format('%s_%s', parent, to_char(month, 'YYYYMM'));
begin
  if to_regclass(partition) is not null then return; end if;
  perform pg_advisory_xact_lock(hashtext('partition'), hashtext(partition));
  if exists (select from pg_class as c where c.relname = partition and c.relnamespace = 'public'::regnamespace) then return; end if;
  execute format('create table %I (like %I including all)', partition, parent);
  execute format('alter table %I attach partition %I for values from (%L) to (%L)',
    parent, partition, month, (month + interval '1 month')::date);
end $$;
`;

const RECIPIENTS = `
-- Ids are drawn for new users only (never inside ON CONFLICT), so that buckets of 16,384 consecutive ids stay dense.
create sequence user_id_seq;
create table users (
  id bigint primary key,
  user_id text not null unique check (length(user_id) between 1 and 255),
  email text,
  email_hash bytea,
  timezone text,
  locale text,
  device_timezone text,
  device_locale text,
  zone text generated always as (coalesce(timezone, device_timezone)) stored,
  attributes jsonb not null default '{}',
  created_at timestamptz not null,
  last_seen_at timestamptz,
  updated_at timestamptz not null default clock_timestamp()) with (fillfactor = 90);
create index users_email_hash on users (email_hash) where email_hash is not null;
-- Which zones there are, by a few hundred jumps instead of a walk over everybody: one wave for each.
create index users_zone on users (zone);

create table devices (
  token_hash bytea primary key,
  token text not null,
  user_id bigint not null references users (id) on delete cascade,
  platform text not null check (platform in ('android', 'ios', 'web')),
  app_version text,
  permission text check (permission in ('granted', 'denied', 'provisional')),
  timezone text,
  locale text,
  last_seen_at timestamptz not null,
  created_at timestamptz not null default clock_timestamp());
create index devices_user on devices (user_id);

create table topics (
  id integer generated always as identity primary key,
  key text not null unique check (key ~ '^[a-z0-9_-]{1,64}$'),
  name jsonb not null,
  listed boolean not null default true,
  created_at timestamptz not null default clock_timestamp());

-- topic '' is the whole channel. The latest occurred_at wins; the log beside it keeps every change.
create table subscriptions (
  user_id bigint not null references users (id) on delete cascade,
  channel channel not null,
  topic text not null default '',
  state text not null check (state in ('subscribed', 'unsubscribed')),
  occurred_at timestamptz not null,
  source text,
  primary key (user_id, channel, topic));

create table subscription_log (
  id bigint generated always as identity primary key,
  user_id bigint not null references users (id) on delete cascade,
  channel channel not null,
  topic text not null default '',
  state text not null check (state in ('subscribed', 'unsubscribed')),
  occurred_at timestamptz not null,
  received_at timestamptz not null default clock_timestamp(),
  source text,
  message_id text);
create index subscription_log_user on subscription_log (user_id, id);
-- Opt-outs that name the message they came from, in order of arrival: feedback credits them to it.
create index subscription_log_message on subscription_log (id) where message_id is not null;

-- Keyed hash of the normalised address: survives erasure without holding the address.
create table suppressions (
  address_hash bytea primary key,
  email text,
  reason text not null,
  created_at timestamptz not null default clock_timestamp());
`;

const EVENTS = `
-- Exactly once by (user, event id), for as long as the aggregates are kept; longer than the raw events.
create table event_keys (
  user_id bigint not null,
  event_id text not null,
  primary key (user_id, event_id)) partition by hash (user_id);
do $$ begin
  for i in 0..7 loop
    execute format('create table event_keys_%s partition of event_keys for values with (modulus 8, remainder %s)', i, i);
  end loop;
end $$;

create table events (
  month date not null,
  user_id bigint not null,
  occurred_at timestamptz not null,
  name text not null,
  event_id text not null,
  value numeric,
  currency text,
  properties jsonb,
  received_at timestamptz not null,
  imported boolean not null default false,
  primary key (month, user_id, event_id)) partition by range (month);
create index events_user_name_time on events (user_id, name, occurred_at);
-- One partition for everything older than the product: a log of 1997 may be loaded without a partition for each of its months.
create table events_history partition of events for values from (minvalue) to ('2020-01-01');

-- currency '' = none given, which counts as the settings' one. Part of the key, so that a change of the setting stays exact.
create table user_event_days (
  user_id bigint not null,
  name text not null,
  day date not null,
  currency text not null default '',
  count integer not null,
  sum numeric not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (user_id, name, day, currency)) with (fillfactor = 90);
create index user_event_days_name on user_event_days (name, user_id);
`;

const SCORING = `
-- models: the fitted parameters with their likelihoods, or why a model was refused.
create table score_refreshes (
  id bigint generated always as identity primary key,
  as_of timestamptz not null,
  users integer not null,
  models jsonb not null default '{}',
  finished_at timestamptz not null default clock_timestamp());
create index score_refreshes_as_of on score_refreshes (as_of);

create table user_scores (
  user_id bigint primary key references users (id) on delete cascade,
  recency smallint not null check (recency between 1 and 5),
  frequency smallint not null check (frequency between 1 and 5),
  monetary smallint not null check (monetary between 1 and 5),
  rfm_group text not null,
  last_purchase_at timestamptz not null,
  purchases bigint not null,
  revenue numeric not null,
  probability_alive double precision,
  expected_purchases_90d double precision,
  expected_value_90d double precision,
  as_of timestamptz not null) with (fillfactor = 80);

-- The rectangles of rfm.ts on the (recency, frequency) grid; a test holds the two to each other on all 25 cells.
create function rfm_group(recency bigint, frequency bigint) returns text language sql immutable parallel safe as $$
  select case
    when recency = 5 and frequency >= 4 then 'champions'
    when recency >= 3 and frequency >= 4 then 'loyal'
    when recency >= 4 and frequency >= 2 then 'potential_loyalist'
    when recency = 5 then 'new'
    when recency = 4 then 'promising'
    when recency = 3 and frequency = 3 then 'need_attention'
    when recency = 3 then 'about_to_sleep'
    when frequency = 5 then 'cant_lose'
    when frequency >= 3 then 'at_risk'
    else 'hibernating'
  end
$$;

-- Purchases of each buyer up to an instant: whole days from the aggregates, of the day that the instant cuts the events.
create function purchases_as_of(purchase_event text, settings_currency text, instant timestamptz)
returns table (user_id bigint, purchases bigint, revenue numeric, last_at timestamptz) language sql stable parallel safe as $$
  select p.user_id, sum(p.n), sum(p.amount), max(p.last_at) from (
    select d.user_id, d.count as n, d.sum as amount, d.last_at
    from user_event_days d
    where d.name = purchase_event and d.currency in ('', settings_currency)
      and d.day <= (instant at time zone 'UTC')::date and d.last_at <= instant
    union all
    select e.user_id, 1, coalesce(e.value, 0), e.occurred_at
    from user_event_days d
    join events e on e.month = date_trunc('month', d.day::timestamp)::date and e.user_id = d.user_id and e.name = d.name
      and (e.occurred_at at time zone 'UTC')::date = d.day and e.occurred_at between d.first_at and d.last_at
      and coalesce(e.currency, '') = d.currency
    where d.name = purchase_event and d.currency in ('', settings_currency)
      and d.day = (instant at time zone 'UTC')::date and d.first_at <= instant and d.last_at > instant and e.occurred_at <= instant) p
  group by p.user_id
$$;

-- What BG/NBD and Gamma-Gamma have to know of each buyer: purchase days after the first, days from the first to the last of
-- them and to the instant, and the mean spend of a repeat day. Of buyers with ids from first_id to last_id.
create function purchase_histories(purchase_event text, settings_currency text, instant timestamptz, first_id bigint, last_id bigint)
returns table (user_id bigint, repeats integer, last_at integer, age integer, mean_spend numeric) language sql stable parallel safe as $$
  select b.user_id, (count(*) - 1)::integer, max(b.day) - min(b.day), (instant at time zone 'UTC')::date - min(b.day),
    (sum(b.amount) - (array_agg(b.amount order by b.day))[1]) / nullif(count(*) - 1, 0)
  from (
    select d.user_id, d.day, sum(d.sum) as amount
    from user_event_days d
    where d.name = purchase_event and d.currency in ('', settings_currency) and d.first_at <= instant
      and d.user_id between first_id and last_id
    group by d.user_id, d.day) b
  group by b.user_id
$$;

-- Quintiles by minimum rank: ntile would split equal values by physical row order.
create function rfm_as_of(purchase_event text, settings_currency text, instant timestamptz)
returns table (user_id bigint, recency bigint, frequency bigint, monetary bigint, rfm_group text,
  purchases bigint, revenue numeric, last_at timestamptz) language sql stable parallel safe as $$
  select r.user_id, r.recency, r.frequency, r.monetary, rfm_group(r.recency, r.frequency), r.purchases, r.revenue, r.last_at from (
    select p.*,
      1 + 5 * (rank() over (order by p.last_at) - 1) / count(*) over () as recency,
      1 + 5 * (rank() over (order by p.purchases) - 1) / count(*) over () as frequency,
      1 + 5 * (rank() over (order by p.revenue) - 1) / count(*) over () as monetary
    from purchases_as_of(purchase_event, settings_currency, instant) p) r
$$;

-- P(listening when message n+1 arrives | n messages, x opens, the last at ordinal t): BG/BB, attention.ts. The terms of the
-- likelihood follow from one another by a ratio, from the last (stopped after message n−1) backwards, relative to the term of
-- those still listening; so no gamma function is needed. Beyond 1e250 the answer is 0 to every digit.
create function probability_listening(n integer, x integer, t integer, alpha float8, beta float8, gamma float8, delta float8)
returns float8 language plpgsql immutable parallel safe as $$
declare
  listening float8 := (delta + n) / (gamma + delta + n);
  term float8;
  total float8 := 1;
begin
  if n = t then return listening; end if;
  term := (alpha + beta + n - 1) / (beta + n - 1 - x) * gamma / (delta + n - 1);
  for i in reverse n - 1 .. t loop
    total := total + term;
    if total > 1e250 then return 0; end if;
    exit when i = t;
    term := term * (alpha + beta + i - 1) / (beta + i - 1 - x) * (gamma + delta + i) / (delta + i - 1);
  end loop;
  return listening / total;
end $$;
`;

const SEGMENTS = `
-- The instant of a JSON text that is an RFC 3339 date-time, else null; the same texts as parseInstant reads. What the cast would
-- refuse (30 February) or would read besides ('now', 'epoch') is kept from it by the pattern.
create function rfc3339_instant(value jsonb) returns timestamptz language sql stable parallel safe as $$
  select i.instant from (
    select (upper(left(v.text, 17)) || '00Z')::timestamptz
      + (substr(v.text, 18, 2) || coalesce(rpad(substring(v.text from '\\.(\\d{1,3})'), 3, '0'), '000'))::int * interval '1 millisecond'
      - case when right(v.text, 6) ~ '^[+-]' then (substring(right(v.text, 6), 1, 1) || '1')::int * right(v.text, 5)::interval else interval '0' end as instant,
      substr(v.text, 18, 2) = '60' as leap
    -- OFFSET 0 keeps the casts behind the pattern.
    from (select value #>> '{}' as text where jsonb_typeof(value) = 'string' and value #>> '{}' ~ '^(?!0000)(\\d{4}-((0[13578]|1[02])-(0[1-9]|[12]\\d|3[01])|(0[469]|11)-(0[1-9]|[12]\\d|30)|02-(0[1-9]|1\\d|2[0-8]))|(\\d\\d(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)[Tt]([01]\\d|2[0-3]):[0-5]\\d:([0-5]\\d|60)(\\.\\d{1,9})?([Zz]|[+-]([01]\\d|2[0-3]):[0-5]\\d)$' offset 0) v) i
  where i.instant >= '0001-01-01T00:00:00Z' and i.instant < '10000-01-01T00:00:00Z'
    and (not i.leap or date_trunc('day', i.instant at time zone 'UTC') = date_trunc('second', i.instant at time zone 'UTC'))
$$;

create table segments (
  id bigint generated always as identity primary key,
  key text not null unique check (key ~ '^[a-z0-9_-]{1,64}$'),
  name text not null,
  static boolean not null default false,
  rule jsonb,
  size bigint,
  computed_at timestamptz,
  build_ms integer,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  check (static = (rule is null)));

create table segment_members (
  segment_id bigint not null references segments (id) on delete cascade,
  user_id bigint not null references users (id) on delete cascade,
  entered_at timestamptz not null,
  primary key (segment_id, user_id));
create index segment_members_user on segment_members (user_id);

create table segment_changes (
  id bigint generated always as identity primary key,
  segment_id bigint not null references segments (id) on delete cascade,
  user_id bigint not null references users (id) on delete cascade,
  entered boolean not null,
  cause text not null,
  at timestamptz not null);
create index segment_changes_segment on segment_changes (segment_id, at);
-- Who was in what at an instant of the past; and an erasure finds its rows.
create index segment_changes_user on segment_changes (user_id, segment_id, at);

-- Who was in what segment, from when to when ([from_at, to_at)): what a report as of the moment of contact asks.
create view segment_stays as
  select m.segment_id, m.user_id, m.entered_at as from_at, 'infinity'::timestamptz as to_at
  from segment_members m
  union all
  select x.segment_id, x.user_id, coalesce((
      select max(e.at) from segment_changes e
      where e.user_id = x.user_id and e.segment_id = x.segment_id and e.entered and e.at <= x.at), '-infinity'), x.at
  from segment_changes x
  where not x.entered;
`;

const TEMPLATES = `
create table templates (
  id bigint generated always as identity primary key,
  key text not null unique check (key ~ '^[a-z0-9_-]{1,64}$'),
  channel channel not null,
  version integer not null,
  tags text[] not null default '{}',
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp());

create table template_versions (
  template_id bigint not null references templates (id) on delete cascade,
  version integer not null,
  content jsonb not null,
  default_locale text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (template_id, version));
`;

const CAMPAIGNS = `
create type campaign_status as enum ('draft', 'scheduled', 'running', 'paused', 'completed', 'cancelled');

-- definition is the validated body of the API; the columns beside it are what planner, claim and lists filter by.
create table campaigns (
  id bigint generated always as identity primary key,
  name text not null,
  status campaign_status not null default 'draft',
  resume_status campaign_status,
  channel channel not null,
  transactional boolean not null,
  topic_id integer references topics (id),
  priority smallint not null check (priority between 0 and 100),
  definition jsonb not null,
  status_reason text,
  salt text not null,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  launched_at timestamptz,
  completed_at timestamptz);
create index campaigns_status on campaigns (status);
create index campaigns_conversion_event on campaigns ((definition->'conversion'->>'event'));

-- What hangs on a campaign goes with it: only drafts are deleted, and all they can have is test runs.
create table runs (
  id bigint generated always as identity primary key,
  campaign_id bigint not null references campaigns (id) on delete cascade,
  scheduled_for timestamptz not null,
  kind text not null default 'regular' check (kind in ('regular', 'test')),
  month date not null,
  expires_at timestamptz not null,
  created_at timestamptz not null default clock_timestamp(),
  completed_at timestamptz,
  unique (campaign_id, scheduled_for, kind));
create index runs_open on runs (campaign_id) where completed_at is null;
-- local_at: the wall-clock time that all zones of the occurrence share, read as UTC. missed: it fell into a time when nothing ran
-- and had expired before anything ran again; nobody was decided on.
alter table runs add column local_at timestamptz, add column missed boolean not null default false;

-- What each variant of a run sends: the newest template version when the run fell due, frozen by the first pass.
create table run_variants (
  run_id bigint not null references runs (id) on delete cascade,
  variant smallint not null,
  template_id bigint not null references templates (id),
  template_version integer not null,
  primary key (run_id, variant));

create table waves (
  id bigint generated always as identity primary key,
  run_id bigint not null references runs (id) on delete cascade,
  campaign_id bigint not null references campaigns (id) on delete cascade,
  due_at timestamptz not null,
  zone text,
  decided_at timestamptz);
create index waves_open on waves (due_at) where decided_at is null;
create index waves_run on waves (run_id);
-- slot: which hour of a bestHour day. passed: the zone's local time had passed and the campaign skips it.
-- expires_at null: when the run does.
alter table waves add column expires_at timestamptz, add column slot smallint, add column passed boolean not null default false;
create unique index waves_zone on waves (run_id, zone, coalesce(slot, -1)) where zone is not null;

-- How far a recurring campaign's occurrences have been made: the wall time of the last one, and when the next has to be.
create table recurrences (
  campaign_id bigint primary key references campaigns (id) on delete cascade,
  last_local timestamptz not null,
  next_at timestamptz);
create index recurrences_due on recurrences (next_at) where next_at is not null;

create index campaigns_triggered on campaigns ((definition #>> '{schedule,event}')) where definition #>> '{schedule,type}' = 'triggered';

-- Who is to be decided for a triggered campaign, and what triggered it. id is the entry of the ledger's row.
create sequence trigger_entry_id_seq;
create table trigger_entries (
  id bigint not null default nextval('trigger_entry_id_seq'),
  campaign_id bigint not null references campaigns (id) on delete cascade,
  user_id bigint not null references users (id) on delete cascade,
  entered_at timestamptz not null,
  due_at timestamptz not null,
  expires_at timestamptz not null,
  source text not null,
  event jsonb,
  decided_at timestamptz,
  outcome text check (outcome in ('decided', 'unless', 'not_in_audience')),
  primary key (user_id, id),
  unique (user_id, campaign_id, source));
create index trigger_entries_due on trigger_entries ((user_id >> 14), due_at) where decided_at is null;
create index trigger_entries_campaign on trigger_entries (campaign_id);

-- The last entry of each user, for campaigns that do not let everybody in again at once.
create table trigger_states (
  user_id bigint not null references users (id) on delete cascade,
  campaign_id bigint not null references campaigns (id) on delete cascade,
  last_at timestamptz not null,
  primary key (user_id, campaign_id));
create index trigger_states_campaign on trigger_states (campaign_id);

-- Up to when a campaign that waits for entries into a segment has read them.
create table trigger_cursors (
  campaign_id bigint primary key references campaigns (id) on delete cascade,
  read_until timestamptz not null);

-- Open rates by local hour of the week that a bestHour run decides by, frozen when its first wave is due.
create table send_time_curves (
  run_id bigint primary key references runs (id) on delete cascade,
  curve double precision[] not null,
  kappa double precision not null,
  as_of timestamptz not null);

create table wave_buckets (
  wave_id bigint not null references waves (id) on delete cascade,
  bucket integer not null,
  decided_at timestamptz,
  primary key (wave_id, bucket));
create index wave_buckets_open on wave_buckets (bucket) where decided_at is null;

create table fatigue_policies (
  version integer primary key,
  policy jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  created_by text not null);

-- The instant at which the campaign's next request may leave: the whole state of its throttle.
create table campaign_pace (
  campaign_id bigint primary key references campaigns (id) on delete cascade,
  next_at timestamptz not null);
`;

const LEDGER = `
create type delivery_state as enum ('deferred', 'queued', 'sent', 'failed', 'unknown', 'suppressed', 'held_out');
create type delivery_reason as enum (
  'global_holdout', 'unsubscribed', 'suppressed_address', 'duplicate_address', 'no_device', 'stale_device', 'no_email',
  'permission_denied', 'frequency_cap', 'minimum_gap', 'quiet_hours', 'outranked', 'reserved_for_priority',
  'local_time_passed', 'expired', 'cancelled', 'paused', 'left_segment', 'render_error', 'provider_unavailable',
  'invalid_address', 'provider_rejected');

create sequence delivery_id_seq;

-- Bucket 0 to 9,999 of a user under a salt; twin of experiments/assignment.ts (assignmentBucket).
create function bucket_of(salt text, user_id text) returns integer language sql immutable parallel safe
return (('x' || left(encode(sha256(convert_to(salt || ':' || user_id, 'UTF8')), 'hex'), 15))::bit(60)::bigint % 10000)::integer;

-- The ledger: one narrow row for each (run, user, channel, entry), sent or not. 'sending' is no state of the row but of the
-- slice that covers it, so that a row is written twice: decided, settled.
-- counted_at: null does not count (suppressed, held out, failed, transactional, test) · infinity reserved and not yet settled,
-- counts in every window · else the settlement, which is never before the provider's answer.
create table deliveries (
  month date not null,
  user_id bigint not null,
  id bigint not null default nextval('delivery_id_seq'),
  run_id bigint not null,
  wave_id bigint not null,
  campaign_id bigint not null,
  entry bigint not null default 0,
  chunk_id bigint,
  due_at timestamptz not null,
  decided_at timestamptz not null,
  expires_at timestamptz not null,
  counted_at timestamptz,
  settled_at timestamptz,
  free_at timestamptz,
  blocking_id bigint,
  -- The campaign that took or holds the slot: of outranked and reserved_for_priority.
  blocking_campaign_id bigint,
  topic_id integer,
  policy_version integer not null,
  template_version integer,
  state delivery_state not null,
  reason delivery_reason,
  channel channel not null,
  variant smallint not null default 0,
  cap smallint,
  messages_in_7d smallint not null default 0,
  attempts smallint not null default 0,
  -- Of the attempts: those of which nobody knows whether they arrived. Above 0 the message may have arrived more than once.
  doubts smallint not null default 0,
  primary key (month, user_id, id),
  unique (month, run_id, user_id, channel, entry),
  check ((state = 'deferred') = (free_at is not null)),
  check (state not in ('suppressed', 'deferred') or reason is not null),
  check (state <> 'queued' or chunk_id is not null)) partition by range (month);
create index deliveries_counted on deliveries (user_id, counted_at) include (channel, topic_id, id)
  where counted_at is not null;
create index deliveries_chunk on deliveries (chunk_id, id) where chunk_id is not null;
-- The messages of one user in order of settlement, counted or not: attribution and the user's history.
create index deliveries_settled on deliveries (user_id, settled_at) where settled_at is not null;
create index deliveries_deferred on deliveries (user_id, free_at) where state = 'deferred';
-- Whether a run still has somebody waiting, without a walk over its decided rows.
create index deliveries_deferred_run on deliveries (run_id) where state = 'deferred';
create index deliveries_campaign on deliveries (campaign_id, id);
-- Whom a campaign displaced.
create index deliveries_displaced on deliveries (blocking_campaign_id) where blocking_campaign_id is not null;

create sequence chunk_id_seq;
create table chunks (
  id bigint primary key default nextval('chunk_id_seq'),
  month date not null,
  run_id bigint not null,
  wave_id bigint not null,
  campaign_id bigint not null references campaigns (id) on delete cascade,
  channel channel not null,
  bucket integer not null,
  lane smallint not null default 1,
  size integer not null,
  not_before timestamptz not null,
  fence integer not null default 0,
  lease_owner text,
  lease_until timestamptz,
  closed_at timestamptz,
  created_at timestamptz not null default clock_timestamp());
create index chunks_open on chunks (lane, not_before) where closed_at is null;
create index chunks_campaign_open on chunks (campaign_id) where closed_at is null;

create table slices (
  id bigint generated always as identity primary key,
  chunk_id bigint not null references chunks (id) on delete cascade,
  month date not null,
  campaign_id bigint not null,
  fence integer not null,
  first_id bigint not null,
  last_id bigint not null,
  size integer not null,
  lease_until timestamptz not null,
  closed_at timestamptz,
  created_at timestamptz not null default clock_timestamp());
create index slices_open on slices (chunk_id) where closed_at is null;
create index slices_closed on slices (closed_at) where closed_at is not null;
`;

const FEEDBACK = `
-- What happened to a message after it was sent, beside the state and never a change of it. Only human events; machines stay
-- in message_events.
create table message_facts (
  month date not null,
  user_id bigint not null,
  delivery_id bigint not null,
  campaign_id bigint not null,
  run_id bigint not null,
  channel channel not null,
  delivered_at timestamptz,
  opened_at timestamptz,
  clicked_at timestamptz,
  unsubscribed_at timestamptz,
  bounced_at timestamptz,
  complained_at timestamptz,
  updated_at timestamptz not null,
  primary key (month, user_id, delivery_id));
create index message_facts_campaign on message_facts (campaign_id);
create index message_facts_user on message_facts (user_id);

create table message_events (
  month date not null,
  user_id bigint not null,
  delivery_id bigint not null,
  type text not null check (type in
    ('delivered', 'opened', 'dismissed', 'clicked', 'unsubscribed', 'bounced', 'complained')),
  machine boolean not null,
  source text not null,
  occurred_at timestamptz not null,
  received_at timestamptz not null,
  action text,
  hits integer not null default 1,
  primary key (month, user_id, delivery_id, type, machine, source));

create table conversions (
  user_id bigint not null,
  event_id text not null,
  name text not null,
  occurred_at timestamptz not null,
  value numeric,
  currency text,
  month date not null,
  delivery_id bigint not null,
  campaign_id bigint not null,
  run_id bigint not null,
  credited_at timestamptz not null,
  primary key (user_id, event_id));
create index conversions_campaign on conversions (campaign_id);
create index conversions_delivery on conversions (user_id, delivery_id);

create table tracked_links (
  id bigint generated always as identity primary key,
  url_hash bytea not null unique,
  url text not null,
  created_at timestamptz not null default clock_timestamp());
`;
