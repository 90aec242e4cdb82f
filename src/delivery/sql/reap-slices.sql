-- Slices whose worker did not come back: what is still queued in them may or may not have left, so it is unknown: counted,
-- reported, never sent again; or, where the campaign says so, queued again with the doubt noted, three attempts in all, in a chunk
-- of its own, where the claim looks at every gate anew. Its reservation is never given up in between, so no cap is passed.
-- reads: campaigns   writes: deliveries, slices, chunks
with instant as materialized (
  select coalesce(:now::timestamptz, clock_timestamp()) as now),
late as materialized (
  select s.id, s.chunk_id, s.month, s.first_id, s.last_id, c.definition ->> 'onDoubt' = 'resend' as resend
  from slices as s join campaigns as c on c.id = s.campaign_id
  where s.closed_at is null and s.lease_until < clock_timestamp()
  order by s.id
  limit 200
  for update of s skip locked),
doubtful as materialized (
  select d.month, d.user_id, d.id, l.chunk_id, l.resend and d.attempts + 1 < 3 and d.expires_at > i.now as again
  from late as l
  join deliveries as d on d.month = l.month and d.chunk_id = l.chunk_id and d.id between l.first_id and l.last_id
  cross join instant as i
  where d.state = 'queued'),
parts as materialized (
  select d.chunk_id, count(*)::integer as size, nextval('chunk_id_seq') as id from doubtful as d where d.again group by d.chunk_id),
opened as (
  insert into chunks (id, month, run_id, wave_id, campaign_id, channel, bucket, lane, size, not_before)
  select p.id, k.month, k.run_id, k.wave_id, k.campaign_id, k.channel, k.bucket, k.lane, p.size, i.now + interval '1 second'
  from parts as p join chunks as k on k.id = p.chunk_id cross join instant as i),
written as (
  update deliveries as d
  set state = case when x.again then 'queued' else 'unknown' end::delivery_state,
    settled_at = case when not x.again then i.now end,
    counted_at = case when d.counted_at is null or x.again then d.counted_at else i.now end,
    chunk_id = coalesce(p.id, d.chunk_id), attempts = d.attempts + x.again::integer, doubts = d.doubts + x.again::integer, reason = null
  from doubtful as x left join parts as p on p.chunk_id = x.chunk_id and x.again
  cross join instant as i
  where d.month = x.month and d.user_id = x.user_id and d.id = x.id and d.state = 'queued'
  returning d.state),
closed as (
  update slices as s set closed_at = clock_timestamp() from late as l where s.id = l.id returning s.id)
select count(*) filter (where w.state = 'unknown')::integer as unknown, count(*) filter (where w.state = 'queued')::integer as again,
  (select count(*) from closed)::integer as slices
from written as w;
