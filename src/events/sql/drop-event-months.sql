-- Drops whole months of raw events; answers how many partitions went. Segments may have counted what is gone.
-- writes: events (partitions), segment_marks
with gone as materialized (
  select drop_month_partitions('events', :before::date) as dropped),
marked as (
  insert into segment_marks (facet) select 'event' from gone where dropped > 0)
select dropped from gone;
