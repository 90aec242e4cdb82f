-- reads: users
select (coalesce(max(u.id), 0) >> 14)::integer + 1 as buckets, date_trunc('milliseconds', clock_timestamp()) as now from users as u;
