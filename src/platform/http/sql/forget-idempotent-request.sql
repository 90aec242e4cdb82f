-- The request was refused before it did anything: the key may be used again.
-- writes: idempotency_keys
delete from idempotency_keys as k where k.caller = :caller and k.key = :key and k.status is null;
