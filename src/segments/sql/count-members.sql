-- reads: segment_members
select count(*) as size from segment_members where segment_id = :id::bigint
