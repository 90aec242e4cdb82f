-- Moves the last sight of users forward, never back.
-- writes: users
with seen as materialized (
  select u.id from users as u
  where u.id = any(:ids::bigint[]) and (u.last_seen_at is null or u.last_seen_at < :at::timestamptz)
  order by u.id for no key update)
update users as u set last_seen_at = :at::timestamptz from seen where u.id = seen.id;
