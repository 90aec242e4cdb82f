-- Recurring campaigns whose next occurrence has to be made, held until the transaction ends: whoever comes second finds them not
-- due any more. next_at moves on in the same transaction.
-- reads: campaigns   writes: recurrences
update recurrences as q
set next_at = q.next_at
from campaigns as c
where c.id = q.campaign_id and c.status in ('scheduled', 'running')
  and q.campaign_id in (
    select o.campaign_id from recurrences as o
    join campaigns as k on k.id = o.campaign_id
    where o.next_at <= coalesce(:now::timestamptz, clock_timestamp()) and k.status in ('scheduled', 'running')
    order by o.next_at
    for update of o skip locked
    limit 50)
returning q.campaign_id as id, q.last_local as "lastLocal", q.since, c.definition,
  date_trunc('milliseconds', coalesce(:now::timestamptz, clock_timestamp())) as now;
