-- Rows that the provider has not accepted go into a chunk of their own, due later. refused: an explicit refusal, which is an
-- attempt; else nothing left the process, and reason remembers why it waits.
-- writes: deliveries, chunks
with later as (
  insert into chunks (month, run_id, wave_id, campaign_id, channel, bucket, lane, size, not_before)
  select k.month, k.run_id, k.wave_id, k.campaign_id, k.channel, k.bucket, k.lane, cardinality(:ids::bigint[]),
    coalesce(:now::timestamptz, clock_timestamp()) + :delayMs::double precision * interval '1 millisecond'
  from chunks as k
  where k.id = :chunkId::bigint
  returning id)
update deliveries as d
set chunk_id = later.id, attempts = d.attempts + o.refused::integer, reason = o.reason::delivery_reason
from later, unnest(:userIds::bigint[], :ids::bigint[], :refused::boolean[], :reasons::text[]) as o (user_id, id, refused, reason)
where d.month = :month::date and d.user_id = o.user_id and d.id = o.id and d.state = 'queued'
returning d.id;
