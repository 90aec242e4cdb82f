-- Puts failed deliveries back to be decided from the first gate: deferred, free now. They hold no slot of any cap until then. Only
-- those that have not expired, whose user still exists, of campaigns that were neither paused nor cancelled. The run is open again.
-- reads: campaigns, users   writes: deliveries, runs
with found as (
  select d.month, d.user_id, d.id, d.run_id
  from unnest(:months::date[], :userIds::bigint[], :ids::bigint[]) as k (month, user_id, id)
  join deliveries as d on d.month = k.month and d.user_id = k.user_id and d.id = k.id
  join campaigns as c on c.id = d.campaign_id
  join runs as r on r.id = d.run_id
  where d.state = 'failed' and d.expires_at > coalesce(:now::timestamptz, clock_timestamp()) and r.kind = 'regular'
    and c.status in ('scheduled', 'running', 'completed') and exists (select from users as u where u.id = d.user_id)
  order by d.month, d.user_id, d.id
  for update of d),
opened as (
  update runs as r set completed_at = null where r.completed_at is not null and r.id in (select f.run_id from found as f))
update deliveries as d
set state = 'deferred', reason = 'provider_unavailable', free_at = coalesce(:now::timestamptz, clock_timestamp()),
    settled_at = null, counted_at = null, chunk_id = null, attempts = 0
from found as f
where d.month = f.month and d.user_id = f.user_id and d.id = f.id
returning d.id::text as id, d.campaign_id::text as "campaignId";
