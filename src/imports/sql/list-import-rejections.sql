-- reads: import_rejections
select r.record, r.line, r.path, r.message from import_rejections as r
where r.import_id = :id::bigint and r.record > :after::bigint
order by r.record
limit :limit::int;
