-- A page of topics by key.
-- reads: topics
select t.id, t.key, t.name, t.listed
from topics as t
where (:after::text is null or t.key > :after::text) and (:listed::boolean is null or t.listed = :listed::boolean)
order by t.key
limit :limit::int;
