-- writes: slices
update slices as s set closed_at = clock_timestamp() where s.id = :sliceId::bigint and s.closed_at is null returning s.id;
