-- Members who were erased left without a change of the list.
-- reads: segment_members  writes: segments
update segments set size = (select count(*) from segment_members m where m.segment_id = :id::bigint) where id = :id::bigint
