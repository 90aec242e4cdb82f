-- Users whose entries are due, by bucket; at most so many of a bucket as make a pass a short one.
-- reads: trigger_entries, campaigns
select (e.user_id >> 14)::integer as bucket, array_agg(distinct e.user_id) as users
from trigger_entries as e
join campaigns as c on c.id = e.campaign_id
where e.decided_at is null and e.due_at <= coalesce(:now::timestamptz, clock_timestamp()) and c.status = 'running'
group by 1
order by min(e.due_at);
