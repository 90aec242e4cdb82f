-- writes: segments
update segments set size = :size::bigint, computed_at = :at, build_ms = :buildMs::integer where id = :id::bigint
