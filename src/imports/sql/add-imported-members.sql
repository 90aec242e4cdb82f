-- Puts users on a static list, marked as imported, so that no campaign takes it for an entry; answers which ids nobody has. The
-- segment is locked by the caller.
-- reads: users  writes: segment_members, segment_changes, segments, segment_marks
with given as materialized (
  select distinct g.user_id from unnest(:userIds::text[]) as g (user_id)),
known as materialized (
  select u.id, u.user_id from users as u join given as g on g.user_id = u.user_id order by u.id for key share of u),
added as (
  insert into segment_members (segment_id, user_id, entered_at)
  select :id::bigint, k.id, :now::timestamptz from known as k order by k.id
  on conflict do nothing
  returning user_id),
logged as (
  insert into segment_changes (segment_id, user_id, entered, cause, at)
  select :id::bigint, a.user_id, true, 'imported', :now::timestamptz from added as a),
marked as (
  insert into segment_marks (users, facet, name, imported)
  select array_agg(a.user_id), 'segment', s.key, true from added as a join segments as s on s.id = :id::bigint group by s.key),
counted as (
  update segments as s set size = coalesce(s.size, 0) + (select count(*) from added), computed_at = :now::timestamptz
  where s.id = :id::bigint)
select (select count(*)::int from added) as added,
  array(select g.user_id from given as g where not exists (select from known as k where k.user_id = g.user_id)) as unknown;
