-- The oldest open job that nobody holds: queued, or running under a lease that its dead holder stopped renewing.
-- writes: jobs
update jobs as j
set status = 'running', lease_until = clock_timestamp() + interval '30 seconds'
where j.id = (
  select o.id from jobs as o
  where o.status in ('queued', 'running') and o.type = any (:types::text[])
    and (o.lease_until is null or o.lease_until < clock_timestamp())
  order by o.id
  for update skip locked
  limit 1)
returning j.id, j.type, j.payload;
