-- Users whose entries are due, by bucket; of one bucket alone where one is given. Those of a throttled campaign as long as it may reserve
-- a third of its 15 minutes; expired ones of such a campaign are left to the planner.
-- reads: trigger_entries, campaigns, chunks
select (e.user_id >> 14)::integer as bucket, array_agg(distinct e.user_id) as users
from trigger_entries as e
join campaigns as c on c.id = e.campaign_id
where e.decided_at is null and e.due_at <= coalesce(:now::timestamptz, clock_timestamp()) and c.status = 'running'
  and (:bucket::integer is null or (e.user_id >> 14)::integer = :bucket::integer)
  and (not c.definition ? 'throttlePerMinute' or (
    select coalesce(sum(coalesce(k.requests, k.size)), 0) from chunks as k where k.campaign_id = c.id and k.closed_at is null)
    <= 10 * (c.definition ->> 'throttlePerMinute')::integer)
group by 1
order by min(e.due_at);
