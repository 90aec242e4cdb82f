-- Takes the key, or tells what stands under it. A key older than 24 h is free again; a first request that never finished
-- (its process was killed) frees it after 60 s, longer than any request may run.
-- writes: idempotency_keys
with taken as (
  insert into idempotency_keys as k (caller, key, fingerprint, created_at)
  values (:caller, :key, :fingerprint, coalesce(:now::timestamptz, clock_timestamp()))
  on conflict (caller, key) do update
    set fingerprint = excluded.fingerprint, status = null, body = null, created_at = excluded.created_at
    where k.created_at < excluded.created_at - interval '24 hours'
       or (k.status is null and k.created_at < excluded.created_at - interval '60 seconds')
  returning true as fresh, k.fingerprint, k.status, k.body)
select t.fresh, t.fingerprint, t.status, t.body from taken as t
union all
select false, k.fingerprint, k.status, k.body
from idempotency_keys as k
where k.caller = :caller and k.key = :key and not exists (select from taken);
