-- What will never be sent: queued and deferred rows of cancelled campaigns, and those past their run's expiry. Rows under an
-- open slice are on their way and left to it. In steps of 5,000, so that no transaction is long; only runs that are cancelled
-- or past expiry and not yet complete are looked at.
-- reads: campaigns, runs, slices   writes: deliveries
with doomed as (
  select d.month, d.user_id, d.id, (case
      when c.status = 'cancelled' then 'cancelled'
      when d.reason = 'provider_unavailable' then 'provider_unavailable'
      else 'expired' end)::delivery_reason as reason
  from runs as r
  join campaigns as c on c.id = r.campaign_id
  join deliveries as d on d.month = r.month and d.run_id = r.id
  where r.completed_at is null
    and (c.status = 'cancelled' or r.expires_at < coalesce(:now::timestamptz, clock_timestamp()))
    and d.state in ('queued', 'deferred')
    and not exists (
      select from slices as s
      where s.chunk_id = d.chunk_id and s.closed_at is null and d.id between s.first_id and s.last_id)
  limit 5000
  for update of d skip locked)
update deliveries as d
set state = 'suppressed', reason = x.reason, free_at = null, counted_at = null,
    settled_at = coalesce(:now::timestamptz, clock_timestamp())
from doomed as x
where d.month = x.month and d.user_id = x.user_id and d.id = x.id
returning d.id;
