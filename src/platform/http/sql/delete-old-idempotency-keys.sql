-- Answers that no request may replay any more. At most so many at once, so that no sweep holds a thousand locks.
-- writes: idempotency_keys
delete from idempotency_keys as k
where (k.caller, k.key) in (
  select o.caller, o.key from idempotency_keys as o
  where o.created_at < coalesce(:now::timestamptz, clock_timestamp()) - interval '24 hours'
  order by o.created_at
  limit :limit::integer)
returning 1 as deleted;
