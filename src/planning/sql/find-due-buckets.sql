-- Buckets with something to decide: undecided waves (of a throttled campaign only while it may reserve a third of its 15 minutes),
-- deferred rows that have come free, and entries.
-- reads: wave_buckets, waves, campaigns, deliveries, trigger_entries, chunks
select b.bucket
from wave_buckets as b
join waves as w on w.id = b.wave_id
join campaigns as c on c.id = w.campaign_id
where b.decided_at is null and w.due_at <= coalesce(:now::timestamptz, clock_timestamp()) and c.status in ('scheduled', 'running')
  and (not c.definition ? 'throttlePerMinute' or w.expires_at < coalesce(:now::timestamptz, clock_timestamp()) or (
    select coalesce(sum(k.size), 0) from chunks as k where k.campaign_id = c.id and k.closed_at is null)
    <= 10 * (c.definition ->> 'throttlePerMinute')::integer)
union
select (d.user_id >> 14)::integer
from deliveries as d
join campaigns as c on c.id = d.campaign_id
where d.state = 'deferred' and d.free_at <= coalesce(:now::timestamptz, clock_timestamp()) and c.status in ('scheduled', 'running')
union
select (e.user_id >> 14)::integer
from trigger_entries as e
join campaigns as c on c.id = e.campaign_id
where e.decided_at is null and e.due_at <= coalesce(:now::timestamptz, clock_timestamp()) and c.status = 'running'
order by 1;
