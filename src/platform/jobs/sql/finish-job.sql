-- writes: jobs
update jobs as j
set status = case when :error::text is null then 'done' else 'failed' end,
    progress = case when :error::text is null then 1 else j.progress end,
    result = :result::jsonb, error = :error, finished_at = clock_timestamp(), lease_until = null
where j.id = :id::bigint;
