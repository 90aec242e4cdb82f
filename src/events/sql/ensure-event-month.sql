-- writes: events (a partition)
select ensure_month_partition('events', :month::date);
