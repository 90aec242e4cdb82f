-- Drops whole months of the terms of worth; answers how many partitions went.
-- writes: decision_worth (partitions)
select drop_month_partitions('decision_worth', :before::date) as dropped;
