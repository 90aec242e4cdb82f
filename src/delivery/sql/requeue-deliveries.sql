-- Rows that the provider has not accepted go into a chunk of their own, due later. counted: an explicit refusal or, where the
-- campaign wants to be sent again, a doubt, which is an attempt; else nothing left the process. Reason remembers why it waits.
-- Only rows that still stand in the slice's chunk: one that has moved on may be on its way again.
-- writes: deliveries, chunks
with later as (
  insert into chunks (month, run_id, wave_id, campaign_id, channel, bucket, lane, size, not_before)
  select k.month, k.run_id, k.wave_id, k.campaign_id, k.channel, k.bucket, k.lane, cardinality(:ids::bigint[]),
    coalesce(:now::timestamptz, clock_timestamp()) + :delayMs::double precision * interval '1 millisecond'
  from chunks as k
  where k.id = :chunkId::bigint
  returning id)
update deliveries as d
set chunk_id = later.id, attempts = d.attempts + o.counted::integer, doubts = d.doubts + o.doubt::integer, reason = o.reason::delivery_reason
from later, unnest(:userIds::bigint[], :ids::bigint[], :counted::boolean[], :doubts::boolean[], :reasons::text[])
  as o (user_id, id, counted, doubt, reason)
where d.month = :month::date and d.user_id = o.user_id and d.id = o.id and d.state = 'queued' and d.chunk_id = :chunkId::bigint
returning d.id;
