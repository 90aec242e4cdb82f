-- The occurrences of a campaign, oldest first; test runs are not among them. expired: missed, and past its expiry when it could have run.
-- reads: runs, campaigns
select r.id, r.scheduled_for as "scheduledFor", r.expires_at as "expiresAt", r.completed_at as "completedAt",
  case
    when c.status = 'cancelled' then 'cancelled'
    when r.missed then 'expired'
    when r.completed_at is not null then 'completed'
    when c.status = 'paused' then 'paused'
    when r.scheduled_for > coalesce(:now::timestamptz, clock_timestamp()) then 'scheduled'
    else 'running'
  end as status
from runs as r
join campaigns as c on c.id = r.campaign_id
where r.campaign_id = :campaignId::bigint and r.kind = 'regular' and r.id > coalesce(:after::bigint, 0)
order by r.id
limit :limit::integer;
