-- A campaign that has been paused for 15 minutes gives its reservations back: what is queued and on no worker's way becomes deferred
-- and is decided anew, from the first gate, once it is resumed. In steps of 5,000. The campaign's row is shared, so that a resume
-- comes before or after, never in between.
-- reads: campaigns, chunks, slices, runs   writes: deliveries
with released as (
  select d.month, d.user_id, d.id
  from campaigns as c
  join chunks as k on k.campaign_id = c.id and k.closed_at is null
  join deliveries as d on d.month = k.month and d.chunk_id = k.id
  join runs as r on r.id = d.run_id and r.kind = 'regular'
  where c.status = 'paused' and c.updated_at <= coalesce(:now::timestamptz, clock_timestamp()) - interval '15 minutes'
    and d.state = 'queued'
    and not exists (
      select from slices as s
      where s.chunk_id = d.chunk_id and s.closed_at is null and d.id between s.first_id and s.last_id)
  limit 5000
  for share of c
  for update of d skip locked)
update deliveries as d
set state = 'deferred', reason = 'paused', free_at = coalesce(:now::timestamptz, clock_timestamp()), counted_at = null, chunk_id = null
from released as x
where d.month = x.month and d.user_id = x.user_id and d.id = x.id
returning d.id;
