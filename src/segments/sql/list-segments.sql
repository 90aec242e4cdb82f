-- reads: segments, segment_progress
select id, key, name, static, rule, size, case when static or rebuild_cause is not null then computed_at
    else greatest(computed_at, (select followed_at from segment_progress)) end as "computedAt", build_ms as "buildMs",
  created_at as "createdAt", updated_at as "updatedAt"
from segments
where :after::text is null or key > :after::text
order by key
limit :limit::integer
