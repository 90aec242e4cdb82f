-- reads: tracked_links
select t.url from tracked_links as t where t.id = :id::bigint;
