-- reads: segments
select s.id::text as id from segments as s where s.key = :key::text;
