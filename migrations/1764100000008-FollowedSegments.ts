import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLES = `
-- What changed about whom since membership was last brought up to date. Only ever appended to by those who change something, so that
-- marking neither waits nor deadlocks; emptied by the one follower. user_id null: everybody. segment_id: for that segment only.
create table segment_marks (
  id bigint generated always as identity primary key,
  user_id bigint,
  facet text not null,
  name text,
  segment_id bigint,
  imported boolean not null default false)
  with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_analyze_scale_factor = 0,
    autovacuum_analyze_threshold = 20000);

-- The next instant at which time alone may turn somebody's membership, members and others alike; only instants before the
-- segment's turns_until are kept.
create table segment_turns (
  segment_id bigint not null references segments (id) on delete cascade,
  user_id bigint not null,
  at timestamptz not null,
  primary key (segment_id, user_id)) with (fillfactor = 90);
create index segment_turns_due on segment_turns (segment_id, at);

create table segment_progress (
  singleton boolean primary key default true check (singleton),
  followed_at timestamptz not null);

alter table segments
  add column rebuild_cause text,
  add column turns_until timestamptz,
  add column reconciled_at timestamptz,
  add column drift bigint not null default 0;
`;

/**
 * Triggers for each statement, with its changed rows at once: whoever changes what a rule may read has it marked in the same
 * transaction and cannot forget to. More rows than a whole evaluation is worth become one mark for everybody.
 */
export const MARK_FUNCTIONS = `
create function mark_is_imported() returns boolean language sql stable
return coalesce(current_setting('rapport.imported', true), '') = 'on';

create function mark_everyone() returns trigger language plpgsql as $body$
begin
  insert into segment_marks (facet, imported) values (tg_argv[0], mark_is_imported());
  return null;
end $body$;

create function mark_changed_users() returns trigger language plpgsql as $body$
begin
  if (select count(*) > 20000 from (select from changed_rows limit 20001) as c) then
    insert into segment_marks (facet, imported) values (tg_argv[0], mark_is_imported());
  else
    insert into segment_marks (user_id, facet, imported)
    select distinct c.user_id, tg_argv[0], mark_is_imported() from changed_rows as c;
  end if;
  return null;
end $body$;

create function mark_event_users() returns trigger language plpgsql as $body$
begin
  if (select count(*) > 20000 from (select from changed_rows limit 20001) as c) then
    insert into segment_marks (facet, name, imported) select distinct 'event', c.name, mark_is_imported() from changed_rows as c;
  else
    insert into segment_marks (user_id, facet, name, imported)
    select distinct c.user_id, 'event', c.name, mark_is_imported() from changed_rows as c;
  end if;
  return null;
end $body$;

create function mark_sent_users() returns trigger language plpgsql as $body$
begin
  insert into segment_marks (user_id, facet) select distinct c.user_id, 'message' from changed_rows as c where c.state = 'sent';
  return null;
end $body$;

create function mark_suppressed_users() returns trigger language plpgsql as $body$
begin
  insert into segment_marks (user_id, facet, imported)
  select u.id, 'consent', mark_is_imported() from changed_rows as c join users as u on u.email_hash = c.address_hash;
  return null;
end $body$;

create function mark_users() returns trigger language plpgsql as $body$
begin
  if (select count(*) > 20000 from (select from changed_rows limit 20001) as c) then
    insert into segment_marks (facet, imported) values (tg_argv[0], mark_is_imported());
  else
    insert into segment_marks (user_id, facet, imported) select c.id, tg_argv[0], mark_is_imported() from changed_rows as c;
  end if;
  return null;
end $body$;

create function mark_updated_users() returns trigger language plpgsql as $body$
begin
  insert into segment_marks (user_id, facet, imported)
  select n.id, f.facet, mark_is_imported()
  from changed_rows as n
  join former_rows as o on o.id = n.id
  cross join lateral (
    select 'user' as facet
    where (n.email, n.email_hash, n.zone, n.locale, n.device_locale, n.attributes, n.created_at)
      is distinct from (o.email, o.email_hash, o.zone, o.locale, o.device_locale, o.attributes, o.created_at)
    union all
    select 'seen' where n.last_seen_at is distinct from o.last_seen_at) as f;
  return null;
end $body$;
`;

const NEW = 'referencing new table as changed_rows';
const OLD = 'referencing old table as changed_rows';

/** table, name, event with its rows, function with the facet. */
const TRIGGERS: readonly (readonly [string, string, string, string])[] = [
  ['users', 'born', `insert on users ${NEW}`, `mark_users('born')`],
  ['users', 'updated', 'update on users referencing old table as former_rows new table as changed_rows', 'mark_updated_users()'],
  ['users', 'gone', `delete on users ${OLD}`, `mark_users('gone')`],
  ['user_event_days', 'inserted', `insert on user_event_days ${NEW}`, 'mark_event_users()'],
  ['user_event_days', 'updated', `update on user_event_days ${NEW}`, 'mark_event_users()'],
  ['deliveries', 'updated', `update on deliveries ${NEW}`, 'mark_sent_users()'],
  ...owned('message_facts', 'message'),
  ...owned('conversions', 'message'),
  ...owned('devices', 'device'),
  ...owned('subscriptions', 'consent'),
  ...owned('user_scores', 'score'),
  ['suppressions', 'inserted', `insert on suppressions ${NEW}`, 'mark_suppressed_users()'],
  ['suppressions', 'updated', `update on suppressions ${NEW}`, 'mark_suppressed_users()'],
  ['suppressions', 'deleted', `delete on suppressions ${OLD}`, 'mark_suppressed_users()'],
  ['settings', 'changed', 'insert or update on settings', `mark_everyone('settings')`],
  ['score_refreshes', 'inserted', 'insert on score_refreshes', `mark_everyone('priors')`],
];

/** Rows that belong to a user and may move from one to another. */
function owned(table: string, facet: string): [string, string, string, string][] {
  const mark = `mark_changed_users('${facet}')`;
  return [
    [table, 'inserted', `insert on ${table} ${NEW}`, mark], [table, 'updated', `update on ${table} ${NEW}`, mark],
    [table, 'left', `update on ${table} ${OLD}`, mark], [table, 'deleted', `delete on ${table} ${OLD}`, mark],
  ];
}

const FUNCTION_NAMES = [
  'mark_updated_users', 'mark_users', 'mark_suppressed_users', 'mark_sent_users', 'mark_event_users', 'mark_changed_users', 'mark_everyone', 'mark_is_imported',
];

/** Membership follows what changes and the passing of time instead of being rebuilt whole. */
export class FollowedSegments1764100000008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    await runner.query(MARK_FUNCTIONS);
    for (const [table, name, event, mark] of TRIGGERS) {
      await runner.query(`create trigger ${table}_${name}_marks after ${event} for each statement execute function ${mark}`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [table, name] of TRIGGERS) await runner.query(`drop trigger ${table}_${name}_marks on ${table}`);
    for (const name of FUNCTION_NAMES) await runner.query(`drop function ${name}`);
    await runner.query('alter table segments drop column rebuild_cause, drop column turns_until, drop column reconciled_at, drop column drift');
    await runner.query('drop table segment_progress, segment_turns, segment_marks');
  }
}
