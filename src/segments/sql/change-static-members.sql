-- Adds to and removes from a static list at once; ids that no user has are named.
-- reads: users, segments  writes: segment_members, segment_changes, segment_marks
with added as (
  insert into segment_members (segment_id, user_id, entered_at)
  select :id::bigint, u.id, :now::timestamptz from users u where u.user_id = any(:add::text[]) order by u.id
  on conflict do nothing
  returning user_id
), removed as (
  delete from segment_members m using users u
  where m.segment_id = :id::bigint and m.user_id = u.id and u.user_id = any(:remove::text[])
  returning m.user_id
), logged as (
  insert into segment_changes (segment_id, user_id, entered, cause, at)
  select :id::bigint, user_id, true, 'added', :now::timestamptz from added
  union all
  select :id::bigint, user_id, false, 'removed', :now::timestamptz from removed
), marked as (
  insert into segment_marks (users, facet, name)
  select array_agg(x.user_id), 'segment', s.key
  from (select user_id from added union all select user_id from removed) x join segments s on s.id = :id::bigint
  group by s.key
)
select (select count(*)::integer from added) as added, (select count(*)::integer from removed) as removed,
  array(select g.user_id from unnest(:add::text[] || :remove::text[]) with ordinality g (user_id, n)
    where not exists (select from users u where u.user_id = g.user_id) order by g.n) as unknown
