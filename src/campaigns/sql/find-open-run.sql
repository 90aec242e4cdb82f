-- The occurrence of a launched campaign that is not over, and whether deciding for it has begun.
-- reads: runs, waves, wave_buckets
select r.id, r.scheduled_for as "scheduledFor",
  exists (
    select from waves as w
    where w.run_id = r.id and (w.decided_at is not null
      or exists (select from wave_buckets as b where b.wave_id = w.id and b.decided_at is not null))) as begun
from runs as r
where r.campaign_id = :campaignId::bigint and r.kind = 'regular' and r.completed_at is null
order by r.scheduled_for
limit 1;
