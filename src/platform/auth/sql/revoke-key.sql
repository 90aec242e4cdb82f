-- writes: api_keys
update api_keys as k set revoked_at = clock_timestamp()
where k.id = :id::bigint and k.revoked_at is null
returning k.id;
