import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The same number, at a third of the cost: of the hash only the eight bytes that are needed are written out as text. */
const QUICK_HASH = `
create or replace function bucket_of(salt text, user_id text) returns integer language sql immutable parallel safe
return ((('x' || encode(substr(sha256(convert_to(salt || ':' || user_id, 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint >> 4 & 1152921504606846975)
  % 10000)::integer;
`;
const SLOW_HASH = `
create or replace function bucket_of(salt text, user_id text) returns integer language sql immutable parallel safe
return (('x' || left(encode(sha256(convert_to(salt || ':' || user_id, 'UTF8')), 'hex'), 15))::bit(60)::bigint % 10000)::integer;
`;

/** As it was, but with what goes behind the partition's definition. */
const ensurePartition = (storage: string): string => `
create or replace function ensure_month_partition(parent text, month date) returns void language plpgsql as $$
declare
  partition text := format('%s_%s', parent, to_char(month, 'YYYYMM'));
begin
  if to_regclass(partition) is not null then return; end if;
  perform pg_advisory_xact_lock(hashtext('partition'), hashtext(partition));
  if exists (select from pg_class as c where c.relname = partition and c.relnamespace = 'public'::regnamespace) then return; end if;
  execute format('create table %I (like %I including all)', partition, parent)${storage};
  execute format('alter table %I attach partition %I for values from (%L) to (%L)',
    parent, partition, month, (month + interval '1 month')::date);
end $$;
`;

const PLAIN_PARTITIONS = ensurePartition('');
// A tenth of a page is room for what is settled in it before its old versions are pruned: a slice has one or two rows in a page.
// Said of each partition, because a partitioned table takes no fillfactor.
const ROOMY_LEDGER = ensurePartition(`
    || case parent when 'deliveries' then ' with (fillfactor = 90)' else '' end`);

const COLUMNS = `month, user_id, id, run_id, wave_id, campaign_id, entry, chunk_id, due_at, decided_at, expires_at, counted_at, settled_at,
  free_at, blocking_id, blocking_campaign_id, topic_id, policy_version, template_version, state, reason, channel, variant, cap,
  messages_in_7d, attempts, doubts`;

/**
 * The ledger laid out so that a settlement is a HOT update: no column that it changes (state, counted_at, settled_at) stands in an
 * index or in the condition of one. The widest columns first, so that nothing is padded; numbers of runs, waves, campaigns and
 * chunks in four bytes.
 */
const NARROW = `
create table deliveries (
  user_id bigint not null,
  id bigint not null default nextval('delivery_id_seq'),
  entry bigint not null default 0,
  due_at timestamptz not null,
  decided_at timestamptz not null,
  expires_at timestamptz not null,
  counted_at timestamptz,
  settled_at timestamptz,
  free_at timestamptz,
  blocking_id bigint,
  month date not null,
  run_id integer not null,
  wave_id integer not null,
  campaign_id integer not null,
  chunk_id integer,
  -- The campaign that took or holds the slot: of outranked and reserved_for_priority.
  blocking_campaign_id integer,
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
  -- The rare ends that are looked for by themselves. A column of its own, null for all others, because an index on state itself
  -- would make every settlement write every index.
  trouble delivery_state generated always as (case when state in ('unknown', 'failed') then state end) stored,
  -- A run is of one campaign and so of one channel.
  primary key (run_id, month, user_id, entry),
  constraint deliveries_deferred_until check ((state = 'deferred') = (free_at is not null)),
  constraint deliveries_reasoned check (state not in ('suppressed', 'deferred') or reason is not null),
  constraint deliveries_chunked check (state <> 'queued' or chunk_id is not null)) partition by range (month);
-- Everything of a user or of a bucket of users: the history that caps count, attribution, one message by its id.
create index deliveries_user on deliveries (user_id, id);
create index deliveries_campaign on deliveries (campaign_id, id);
-- Without the id: equal keys are stored once, so it costs 7 bytes a message.
create index deliveries_chunk on deliveries (chunk_id) where chunk_id is not null;
create index deliveries_deferred on deliveries (user_id, free_at) where free_at is not null;
-- Whether a run still has somebody waiting, without a walk over its decided rows.
create index deliveries_deferred_run on deliveries (run_id) where free_at is not null;
-- Whom a campaign displaced.
create index deliveries_displaced on deliveries (blocking_campaign_id) where blocking_campaign_id is not null;
-- Messages in doubt, counted every minute; and what was refused for good, read and replayed by hand.
create index deliveries_trouble on deliveries (trouble, id) where trouble is not null;
`;

const WIDE = `
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
  doubts smallint not null default 0,
  primary key (month, user_id, id),
  unique (month, run_id, user_id, channel, entry),
  check ((state = 'deferred') = (free_at is not null)),
  check (state not in ('suppressed', 'deferred') or reason is not null),
  check (state <> 'queued' or chunk_id is not null)) partition by range (month);
create index deliveries_counted on deliveries (user_id, counted_at) include (channel, topic_id, id) where counted_at is not null;
create index deliveries_chunk on deliveries (chunk_id, id) where chunk_id is not null;
create index deliveries_settled on deliveries (user_id, settled_at) where settled_at is not null;
create index deliveries_deferred on deliveries (user_id, free_at) where state = 'deferred';
create index deliveries_deferred_run on deliveries (run_id) where state = 'deferred';
create index deliveries_campaign on deliveries (campaign_id, id);
create index deliveries_displaced on deliveries (blocking_campaign_id) where blocking_campaign_id is not null;
create index deliveries_unknown on deliveries (month) where state = 'unknown';
create index deliveries_dead on deliveries (id) where state = 'failed';
`;

/**
 * A month at a time: its rows move into the new partition in the order of the user, and its old one goes at once, so that the disk
 * holds one month twice. The whole of it is one transaction; a ledger of 10 million rows takes some minutes, in which nothing is sent.
 */
const MOVE_ROWS = `
do $$
declare
  moved record;
begin
  for moved in
    select i.inhrelid::regclass as partition, to_date(right(c.relname, 6), 'YYYYMM') as month
    from pg_inherits as i join pg_class as c on c.oid = i.inhrelid
    where i.inhparent = 'ledger_old'::regclass
    order by 2
  loop
    perform ensure_month_partition('deliveries', moved.month);
    execute format('insert into deliveries (${COLUMNS}) select ${COLUMNS} from %s order by user_id, id', moved.partition);
    execute format('drop table %s', moved.partition);
  end loop;
end $$;
drop table ledger_old;
`;

/** Partitions and indexes keep their names when a table is renamed, so they are set aside under another. */
const SET_ASIDE = `
lock table deliveries in access exclusive mode;
do $$
declare
  name text;
begin
  for name in select c.relname from pg_inherits as i join pg_class as c on c.oid = i.inhrelid where i.inhparent = 'deliveries'::regclass loop
    execute format('alter table %I rename to %I', name, replace(name, 'deliveries_', 'ledger_old_'));
  end loop;
  for name in select x.relname from pg_index as i join pg_class as x on x.oid = i.indexrelid where i.indrelid = 'deliveries'::regclass loop
    execute format('alter index %I rename to %I', name, replace(name, 'deliveries_', 'ledger_old_'));
  end loop;
  for name in
    select x.relname from pg_inherits as h join pg_index as i on i.indrelid = h.inhrelid join pg_class as x on x.oid = i.indexrelid
    where h.inhparent = 'deliveries'::regclass
  loop
    execute format('alter index %I rename to %I', name, replace(name, 'deliveries_', 'ledger_old_'));
  end loop;
end $$;
alter table deliveries rename to ledger_old;
`;

export class LedgerLayout1764100000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [SET_ASIDE, ROOMY_LEDGER, NARROW, MOVE_ROWS, QUICK_HASH]) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const sql of [SET_ASIDE, PLAIN_PARTITIONS, WIDE, MOVE_ROWS, SLOW_HASH]) await runner.query(sql);
  }
}
