-- Buckets with something to decide: undecided waves, deferred rows that have come free, and entries; of a throttled campaign while it
-- may reserve a third of its 15 minutes, or where the wave has expired.
-- reads: wave_buckets, waves, runs, campaigns, deliveries, trigger_entries, chunks
with instant as materialized (
  select coalesce(:now::timestamptz, clock_timestamp()) as now
),
open_campaigns as materialized (
  select c.id, c.status, not c.definition ? 'throttlePerMinute' or (
    select coalesce(sum(coalesce(k.requests, k.size)), 0) from chunks as k where k.campaign_id = c.id and k.closed_at is null)
    <= 10 * (c.definition ->> 'throttlePerMinute')::integer as has_room
  from campaigns as c
  where c.status in ('scheduled', 'running')
)
select b.bucket
from instant as i
join waves as w on w.due_at <= i.now
join wave_buckets as b on b.wave_id = w.id and b.decided_at is null
join open_campaigns as c on c.id = w.campaign_id
where c.has_room or w.expires_at < i.now
union
select (d.user_id >> 14)::integer
from instant as i
join deliveries as d on d.state = 'deferred' and d.free_at <= i.now
join open_campaigns as c on c.id = d.campaign_id
where c.has_room or exists (
  select from waves as w
  join runs as r on r.id = w.run_id
  where w.id = d.wave_id and coalesce(w.expires_at, r.expires_at) < i.now)
union
select (e.user_id >> 14)::integer
from instant as i
join trigger_entries as e on e.decided_at is null and e.due_at <= i.now
join open_campaigns as c on c.id = e.campaign_id
where c.status = 'running' and (c.has_room or exists (
  select from runs as r
  where r.campaign_id = e.campaign_id and r.kind = 'regular' and r.scheduled_for = date_trunc('day', e.due_at, 'UTC') and r.expires_at < i.now))
order by 1;
