-- Occurrences of a recurrence that expired before anybody was decided on, in a pause or a standstill: on record as expired, and nobody is. A
-- minute later, because a pass that began before the expiry may still commit. Twin: insert-run.sql, for those not even made in time.
-- reads: campaigns, wave_buckets   writes: runs, waves
with instant as (
  select coalesce(:now::timestamptz, clock_timestamp()) as now
),
missed as (
  update runs as r
  set missed = true, completed_at = i.now
  from campaigns as c, instant as i
  where c.id = r.campaign_id and c.status in ('scheduled', 'running') and c.definition #>> '{schedule,type}' = 'recurring'
    and r.kind = 'regular' and r.completed_at is null and r.expires_at < i.now - interval '1 minute'
    and not exists (
      select from waves as w
      where w.run_id = r.id and (w.decided_at <= w.expires_at or exists (
        select from wave_buckets as b where b.wave_id = w.id and b.decided_at is not null)))
  returning r.id
)
update waves as w
set decided_at = i.now
from missed as m, instant as i
where w.run_id = m.id and w.decided_at is null;
