-- Zone and locale of users as their devices have them, from the last-seen device that tells; the users' own last sight moves
-- forward with it. The users are locked by the caller. Rows that would not change are left alone.
-- reads: devices
-- writes: users
with latest as (
  select u.id,
    (array_agg(d.timezone order by d.last_seen_at desc, d.token_hash) filter (where d.timezone is not null))[1] as timezone,
    (array_agg(d.locale order by d.last_seen_at desc, d.token_hash) filter (where d.locale is not null))[1] as locale,
    max(d.last_seen_at) as seen_at
  from unnest(:ids::bigint[]) as u (id)
  left join devices as d on d.user_id = u.id
  group by u.id)
update users as u set
  device_timezone = latest.timezone,
  device_locale = latest.locale,
  last_seen_at = greatest(u.last_seen_at, latest.seen_at),
  updated_at = :now::timestamptz
from latest
where u.id = latest.id
  and (u.device_timezone, u.device_locale, u.last_seen_at)
    is distinct from (latest.timezone, latest.locale, greatest(u.last_seen_at, latest.seen_at));
