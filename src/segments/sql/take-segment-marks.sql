-- Takes the oldest marks, gathered by what they say; :fold leaves the users out and means everybody.
-- reads: segment_marks  writes: segment_marks
with oldest as materialized (
  select id from segment_marks order by id limit :limit::integer
), taken as (
  delete from segment_marks k using oldest o where k.id = o.id
  returning k.user_id, k.facet, k.name, k.segment_id, k.imported
)
select facet, name, segment_id as "segmentId", imported,
  coalesce(array_agg(distinct user_id::text) filter (where user_id is not null and not :fold::boolean), '{}') as users,
  bool_or(user_id is null or :fold::boolean) as everyone, count(*)::integer as taken
from taken
group by facet, name, segment_id, imported
order by facet, name nulls first, segment_id, imported
