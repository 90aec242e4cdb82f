-- Held until the transaction ends, in one order.
-- reads: trigger_states
select s.user_id as "userId", s.campaign_id as "campaignId", case when isfinite(s.last_at) then s.last_at end as "lastAt"
from trigger_states as s
join unnest(:userIds::bigint[], :campaignIds::bigint[]) as k (user_id, campaign_id) using (user_id, campaign_id)
order by s.user_id, s.campaign_id
for update of s;
