-- Leases one open chunk to a worker: the one that the hint names, or the next by lane (transactional first) and time. The
-- fence grows with every lease, so that whoever held it before can open no more slices.
-- reads: campaigns, engine_state, runs   writes: chunks
update chunks as k
set lease_owner = :owner, lease_until = clock_timestamp() + :leaseMs::integer * interval '1 millisecond', fence = k.fence + 1
where k.id = (
  select o.id
  from chunks as o
  join campaigns as c on c.id = o.campaign_id
  join runs as r on r.id = o.run_id
  where o.closed_at is null and o.not_before <= coalesce(:now::timestamptz, clock_timestamp())
    and (o.lease_until is null or o.lease_until < clock_timestamp())
    and (:chunkId::bigint is null or o.id = :chunkId::bigint)
    and (c.status in ('scheduled', 'running') or r.kind = 'test')
    and (select e.stopped_at is null from engine_state as e)
  order by o.lane, o.not_before, o.id
  for update of o skip locked
  limit 1)
returning k.id, k.fence, k.campaign_id as "campaignId", k.run_id as "runId", k.month::text as month, k.channel, k.lane;
