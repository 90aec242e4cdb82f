-- writes: deliveries (a partition)
select ensure_month_partition('deliveries', :month::date);
