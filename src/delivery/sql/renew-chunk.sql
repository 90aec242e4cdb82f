-- writes: chunks
update chunks as k
set lease_until = clock_timestamp() + :leaseMs::integer * interval '1 millisecond'
where k.id = :chunkId::bigint and k.fence = :fence::integer and k.closed_at is null
returning k.id;
