-- Tokens that no device has shown for 270 days: Firebase calls them expired and refuses them. In steps, so that no transaction is long.
-- writes: devices
delete from devices as d
where d.token_hash in (
  select x.token_hash from devices as x
  where x.last_seen_at < coalesce(:now::timestamptz, clock_timestamp()) - interval '270 days'
  limit 5000
  for update skip locked)
returning d.user_id;
