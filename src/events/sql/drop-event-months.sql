-- Drops whole months of raw events; answers how many partitions went.
-- writes: events (partitions)
select drop_month_partitions('events', :before::date) as dropped;
