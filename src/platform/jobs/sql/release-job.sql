-- Queues a job that was reserved, interrupted or failed.
-- writes: jobs
update jobs as j set status = 'queued', lease_until = null, error = null, finished_at = null
where j.id = :id::bigint and j.status <> 'done'
returning j.id;
