-- Buckets with something to decide: undecided waves, and deferred rows that have come free.
-- reads: wave_buckets, waves, campaigns, deliveries
select b.bucket
from wave_buckets as b
join waves as w on w.id = b.wave_id
join campaigns as c on c.id = w.campaign_id
where b.decided_at is null and w.due_at <= coalesce(:now::timestamptz, clock_timestamp()) and c.status in ('scheduled', 'running')
union
select (d.user_id >> 14)::integer
from deliveries as d
join campaigns as c on c.id = d.campaign_id
where d.state = 'deferred' and d.free_at <= coalesce(:now::timestamptz, clock_timestamp()) and c.status in ('scheduled', 'running')
order by 1;
