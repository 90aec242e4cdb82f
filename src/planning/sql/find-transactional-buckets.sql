-- Buckets in which a transactional wave that is due is not decided yet.
-- reads: wave_buckets, waves, campaigns
select distinct b.bucket
from wave_buckets as b
join waves as w on w.id = b.wave_id
join campaigns as c on c.id = w.campaign_id
where b.decided_at is null and w.due_at <= coalesce(:now::timestamptz, clock_timestamp()) and c.transactional
  and c.status in ('scheduled', 'running')
order by 1;
