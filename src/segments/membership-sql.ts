/** The statements that move membership, composed around a rule's predicate and its turns. */

const NO_TURNS = 'select null::bigint as user_id, null::timestamptz as at where false';

/**
 * Makes a segment's membership what the predicate says of all users and logs every entry and exit. $1 the segment, $2 the instant,
 * $3 the cause, $4 whether to spare those who have a mark or a turn to be followed: whatever else differs then is drift. The
 * predicate's parameters are from $5 on. Answers the new size and how many entered and left.
 */
export function wholeDiffSql(predicate: string): string {
  return `
    with spared as materialized (
      select unnest(k.users) as user_id from segment_marks k where $4::boolean and (k.segment_id is null or k.segment_id = $1::bigint)
      union all
      select t.user_id from segment_turns t where $4::boolean and t.segment_id = $1::bigint and t.at <= $2::timestamptz
    ), waiting as materialized (
      select $4::boolean and exists (select from segment_marks k where k.users is null) as everyone
    ), target as materialized (
      select u.id from users u where ${predicate}
    ), entered as (
      insert into segment_members (segment_id, user_id, entered_at)
      select $1::bigint, t.id, $2::timestamptz from target t
      where not exists (select from segment_members m where m.segment_id = $1::bigint and m.user_id = t.id)
        and not exists (select from spared s where s.user_id = t.id) and not (select everyone from waiting)
      order by t.id
      returning user_id
    ), gone as (
      delete from segment_members m
      where m.segment_id = $1::bigint and not exists (select from target t where t.id = m.user_id)
        and not exists (select from spared s where s.user_id = m.user_id) and not (select everyone from waiting)
      returning m.user_id
    ), logged as (
      insert into segment_changes (segment_id, user_id, entered, cause, at)
      select $1::bigint, user_id, true, $3::text, $2::timestamptz from entered
      union all
      select $1::bigint, user_id, false, $3::text, $2::timestamptz from gone
    ), moved as (
      select (select count(*) from entered) as entered, (select count(*) from gone) as gone)
    select entered + gone as moved,
      case when $4::boolean then (select count(*) from segment_members m where m.segment_id = $1::bigint) + entered - gone
        else (select count(*) from target) end as size
    from moved`;
}

/**
 * Writes when time next turns each user, for all users. $1 the segment, $2 the instant, $3 the end of the horizon, $4 whether what
 * is due already stays to be followed. The turns' parameters are from $5 on.
 */
export function wholeTurnsSql(turns: string = NO_TURNS): string {
  return `
    with turn as materialized (
      select c.user_id, min(c.at) as at from (${turns}) c (user_id, at)
      where c.at > $2::timestamptz and c.at <= $3::timestamptz group by c.user_id
    ), gone as (
      delete from segment_turns s
      where s.segment_id = $1::bigint and (not $4::boolean or s.at > $2::timestamptz) and not exists (select from turn t where t.user_id = s.user_id)
    )
    insert into segment_turns as s (segment_id, user_id, at)
    select $1::bigint, t.user_id, t.at from turn t order by t.user_id
    on conflict (segment_id, user_id) do update set at = excluded.at
      where s.at <> excluded.at and (not $4::boolean or s.at > $2::timestamptz)`;
}

/**
 * The same for some users: $1 the segment, $2 the instant, $3 their ids, $4 the cause of each, $5 the end of the horizon; the
 * parameters of the predicate and then of the turns are from $6 on. Answers by how much the size changed.
 */
export function userDiffSql(predicate: string, turns: string = NO_TURNS): string {
  return `
    with target as materialized (
      select u.id, g.cause, ${predicate} as holds
      from unnest($3::bigint[], $4::text[]) g (id, cause) join users u on u.id = g.id
    ), entered as (
      insert into segment_members (segment_id, user_id, entered_at)
      select $1::bigint, t.id, $2::timestamptz from target t
      where t.holds and not exists (select from segment_members m where m.segment_id = $1::bigint and m.user_id = t.id)
      order by t.id
      returning user_id
    ), gone as (
      delete from segment_members m using target t
      where m.segment_id = $1::bigint and m.user_id = t.id and not t.holds
      returning m.user_id
    ), logged as (
      insert into segment_changes (segment_id, user_id, entered, cause, at)
      select $1::bigint, x.user_id, x.entered, t.cause, $2::timestamptz
      from (select user_id, true as entered from entered union all select user_id, false from gone) x
      join target t on t.id = x.user_id
      order by x.user_id
    ), turn as materialized (
      select c.user_id, min(c.at) as at from (${turns}) c (user_id, at)
      where c.at > $2::timestamptz and c.at <= $5::timestamptz group by c.user_id
    ), unturned as (
      delete from segment_turns s
      where s.segment_id = $1::bigint and s.user_id = any($3::bigint[]) and not exists (select from turn t where t.user_id = s.user_id)
    ), turned as (
      insert into segment_turns as s (segment_id, user_id, at)
      select $1::bigint, t.user_id, t.at from turn t order by t.user_id
      on conflict (segment_id, user_id) do update set at = excluded.at where s.at <> excluded.at
    )
    select (select count(*) from entered) - (select count(*) from gone) as grown`;
}
