-- Gives every due wave a row for each bucket of users, so that it is known which are still to be decided. Users who came after
-- the wave fell due get one too, as long as the wave is undecided. Rows that are there are left out beforehand: ON CONFLICT alone
-- would wait for a pass that is just marking one, and a stopped planner would hold up all the others.
-- reads: waves, campaigns, users   writes: wave_buckets
insert into wave_buckets (wave_id, bucket)
select w.id, b.bucket
from waves as w
join campaigns as c on c.id = w.campaign_id
cross join generate_series(0, (select coalesce(max(u.id), 0) >> 14 from users as u)::integer) as b (bucket)
where w.decided_at is null and w.due_at <= coalesce(:now::timestamptz, clock_timestamp())
  and c.status in ('scheduled', 'running')
  and not exists (select from wave_buckets as o where o.wave_id = w.id and o.bucket = b.bucket)
-- One order for all planners: two that open the same rows may wait for each other's, but never in a ring.
order by w.id, b.bucket
on conflict (wave_id, bucket) do nothing;
