-- Progress, and the lease with it.
-- writes: jobs
update jobs as j
set progress = :progress::real, lease_until = clock_timestamp() + interval '30 seconds'
where j.id = :id::bigint and j.status = 'running';
