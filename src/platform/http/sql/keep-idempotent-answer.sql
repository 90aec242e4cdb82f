-- Keeps the first answer for the next 24 h, in the transaction of the work that it answers. Only an answer that has aged out can be
-- in its way.
-- writes: idempotency_keys
insert into idempotency_keys as k (caller, key, fingerprint, status, body, created_at)
values (:caller, :key, :fingerprint, :status::smallint, :body, coalesce(:now::timestamptz, clock_timestamp()))
on conflict (caller, key) do update
  set fingerprint = excluded.fingerprint, status = excluded.status, body = excluded.body, created_at = excluded.created_at;
