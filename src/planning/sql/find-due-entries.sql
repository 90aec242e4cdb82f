-- Users whose entries are due, by bucket; of one bucket alone where one is given.
-- reads: trigger_entries, campaigns
select (e.user_id >> 14)::integer as bucket, array_agg(distinct e.user_id) as users
from trigger_entries as e
join campaigns as c on c.id = e.campaign_id
where e.decided_at is null and e.due_at <= coalesce(:now::timestamptz, clock_timestamp()) and c.status = 'running'
  and (:bucket::integer is null or (e.user_id >> 14)::integer = :bucket::integer)
group by 1
order by min(e.due_at);
