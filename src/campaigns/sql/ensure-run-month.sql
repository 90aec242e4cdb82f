-- The ledger's partition for runs that fall due at the instant.
-- writes: the partition of deliveries, if it is not there yet
select ensure_month_partition('deliveries', date_trunc('month', :dueAt::timestamptz at time zone 'UTC')::date);
