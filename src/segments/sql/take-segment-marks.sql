-- Takes the oldest marks, of about :limit users (null: all), gathered by what they say; :fold leaves the users out and means everybody.
-- reads: segment_marks  writes: segment_marks
with oldest as materialized (
  select w.id from (
    select k.id, sum(coalesce(cardinality(k.users), 1)) over (order by k.id rows between unbounded preceding and 1 preceding) as before
    from (select * from segment_marks order by id limit :limit::integer) k) w
  where :limit::integer is null or w.before is null or w.before < :limit::integer
), taken as (
  delete from segment_marks k using oldest o where k.id = o.id
  returning k.users, k.facet, k.name, k.segment_id, k.imported
)
select t.facet, t.name, t.segment_id as "segmentId", t.imported,
  coalesce(array_agg(distinct u.id::text) filter (where u.id is not null and not :fold::boolean), '{}') as users,
  bool_or(t.users is null or :fold::boolean) as everyone, count(*)::integer as taken
from taken t
left join lateral unnest(t.users) as u (id) on true
group by t.facet, t.name, t.segment_id, t.imported
order by t.facet, t.name nulls first, t.segment_id, t.imported
