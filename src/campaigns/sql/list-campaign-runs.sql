-- The occurrences of a campaign, oldest first; test runs are not among them. expired: missed, and past its expiry when it could have run.
-- A cancel leaves what was over before it.
-- reads: runs, campaigns, waves
select r.id, r.scheduled_for as "scheduledFor", r.expires_at as "expiresAt", r.completed_at as "completedAt",
  case
    when r.missed then 'expired'
    when c.status = 'cancelled' and (r.completed_at is null or r.completed_at > c.updated_at) then 'cancelled'
    when r.completed_at is not null then 'completed'
    when c.status = 'paused' then 'paused'
    when coalesce(case when r.local_at is not null then (select min(w.due_at) from waves as w where w.run_id = r.id and not w.passed) end, r.scheduled_for)
      > coalesce(:now::timestamptz, clock_timestamp()) then 'scheduled'
    else 'running'
  end as status
from runs as r
join campaigns as c on c.id = r.campaign_id
where r.campaign_id = :campaignId::bigint and r.kind = 'regular' and r.id > coalesce(:after::bigint, 0)
order by r.id
limit :limit::integer;
