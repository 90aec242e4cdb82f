-- writes: segments
update segments set size = coalesce(size, 0) + :grown::bigint, computed_at = :now::timestamptz where id = :id::bigint
