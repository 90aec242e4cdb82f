-- reads: jobs
select j.id, j.type, j.status, j.progress, j.result, j.error from jobs as j where j.id = :id::bigint;
