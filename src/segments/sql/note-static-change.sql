-- reads: segment_members  writes: segments
update segments
set size = (select count(*) from segment_members m where m.segment_id = :id::bigint), computed_at = :at, build_ms = 0
where id = :id::bigint
