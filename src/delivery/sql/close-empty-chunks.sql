-- Chunks of which nothing is queued any more, whoever settled the last of it.
-- reads: deliveries, slices   writes: chunks
update chunks as k
set closed_at = clock_timestamp(), lease_owner = null, lease_until = null
where k.closed_at is null and (k.lease_until is null or k.lease_until < clock_timestamp())
  and not exists (select from slices as s where s.chunk_id = k.id and s.closed_at is null)
  and not exists (select from deliveries as d where d.month = k.month and d.chunk_id = k.id and d.state = 'queued')
returning k.id;
