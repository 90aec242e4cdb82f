-- Keeps the first answer for the next 24 h.
-- writes: idempotency_keys
update idempotency_keys as k
set status = :status::smallint, body = :body
where k.caller = :caller and k.key = :key;
