-- The answer that is kept under a key. One older than 24 h is none: the sweep may not have come to it yet.
-- reads: idempotency_keys
select k.fingerprint, k.status, k.body
from idempotency_keys as k
where k.caller = :caller and k.key = :key
  and k.created_at >= coalesce(:now::timestamptz, clock_timestamp()) - interval '24 hours';
