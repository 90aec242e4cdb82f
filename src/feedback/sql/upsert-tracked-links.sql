-- Stores each URL once, by its hash. DO UPDATE and not DO NOTHING: a row that another transaction just wrote is answered too.
-- writes: tracked_links
insert into tracked_links as t (url_hash, url)
select g.hash, g.url
from unnest(:hashes::bytea[], :urls::text[]) as g (hash, url)
order by g.hash
on conflict (url_hash) do update set url = excluded.url
returning t.id::text as id, t.url;
