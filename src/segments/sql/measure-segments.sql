-- How many memberships the last comparisons found wrong, and how old the stored membership is in seconds.
-- reads: segments, segment_progress
select coalesce(sum(s.drift), 0)::float8 as drift,
  coalesce(extract(epoch from coalesce(:now::timestamptz, clock_timestamp())
    - min(case when s.rebuild_cause is null then greatest(s.computed_at, p.followed_at) else s.computed_at end)), 0)::float8 as lag
from segments s
left join segment_progress p on true
where not s.static
