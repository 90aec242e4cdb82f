-- Moves the last sight of users forward, never back.
-- writes: users
with given as (
  select g.id, max(g.at) as at from unnest(:ids::bigint[], :ats::timestamptz[]) as g (id, at) group by g.id),
seen as materialized (
  select u.id, g.at
  from users as u join given as g on g.id = u.id
  where u.last_seen_at is null or u.last_seen_at < g.at
  order by u.id for no key update of u)
update users as u set last_seen_at = seen.at from seen where u.id = seen.id;
