-- Slices whose worker did not come back: what is still queued in them may or may not have left, so it is unknown: counted,
-- reported, never sent again.
-- writes: deliveries, slices
with late as (
  select s.id, s.chunk_id, s.month, s.first_id, s.last_id
  from slices as s
  where s.closed_at is null and s.lease_until < clock_timestamp()
  order by s.id
  limit 200
  for update skip locked),
doubtful as (
  update deliveries as d
  set state = 'unknown', settled_at = t.now, counted_at = case when d.counted_at is not null then t.now end, reason = null
  from late as l, (select coalesce(:now::timestamptz, clock_timestamp()) as now) as t
  where d.month = l.month and d.chunk_id = l.chunk_id and d.id between l.first_id and l.last_id and d.state = 'queued'
  returning d.id),
closed as (
  update slices as s set closed_at = clock_timestamp() from late as l where s.id = l.id returning s.id)
select (select count(*) from doubtful)::integer as unknown, (select count(*) from closed)::integer as slices;
