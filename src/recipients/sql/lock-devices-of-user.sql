-- The user's devices, locked in the order that registrations keep: the foreign key would delete them in any.
-- reads: devices
select d.token_hash as "hash" from devices as d where d.user_id = :id::bigint order by d.token_hash for update;
