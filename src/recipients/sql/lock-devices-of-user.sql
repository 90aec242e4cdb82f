-- The user's devices are locked before the user, as registrations lock them, so that erasing never deadlocks with those.
-- reads: devices
select d.token_hash as "hash" from devices as d where d.user_id = :id::bigint order by d.token_hash for update;
