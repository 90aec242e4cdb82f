-- A key that holds, marked as used (at most once a minute: a write per request would be waste).
-- writes: api_keys
with used as (
  update api_keys as k set last_used_at = clock_timestamp()
  where k.key_hash = :hash and k.revoked_at is null
    and (k.last_used_at is null or k.last_used_at < clock_timestamp() - interval '1 minute'))
select k.id, k.scope from api_keys as k where k.key_hash = :hash and k.revoked_at is null;
