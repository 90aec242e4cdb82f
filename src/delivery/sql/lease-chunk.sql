-- Leases the next open chunk to a worker: transactional ones first, then of the campaign that holds the fewest places now (at
-- equal numbers a throw of dice decides, so that two campaigns share even a single place), then the oldest. The fence grows with
-- every lease, so that whoever held the chunk before can open no more slices.
-- reads: campaigns, engine_state, runs   writes: chunks
with shares as materialized (
  select o.campaign_id, count(*) filter (where o.lease_until >= clock_timestamp()) as held, random() as dice
  from chunks as o
  where o.closed_at is null
  group by o.campaign_id)
update chunks as k
set lease_owner = :owner, lease_until = clock_timestamp() + :leaseMs::integer * interval '1 millisecond', fence = k.fence + 1
where k.id = (
  select o.id
  from chunks as o
  join shares as h on h.campaign_id = o.campaign_id
  join campaigns as c on c.id = o.campaign_id
  join runs as r on r.id = o.run_id
  where o.closed_at is null and o.not_before <= coalesce(:now::timestamptz, clock_timestamp())
    and (o.lease_until is null or o.lease_until < clock_timestamp())
    and (:lane::smallint is null or o.lane = :lane::smallint)
    and (c.status in ('scheduled', 'running') or r.kind = 'test')
    and (select e.stopped_at is null from engine_state as e)
  order by o.lane, h.held, h.dice, o.not_before, o.id
  for update of o skip locked
  limit 1)
returning k.id, k.fence, k.campaign_id as "campaignId", k.run_id as "runId", k.month::text as month, k.channel, k.lane;
