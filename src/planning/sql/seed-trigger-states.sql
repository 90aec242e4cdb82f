-- A row to hold for who has none yet, so that two batches at once wait for each other.
-- writes: trigger_states
insert into trigger_states (user_id, campaign_id, last_at)
select k.user_id, k.campaign_id, '-infinity'
from unnest(:userIds::bigint[], :campaignIds::bigint[]) as k (user_id, campaign_id)
order by k.user_id, k.campaign_id
on conflict do nothing;
