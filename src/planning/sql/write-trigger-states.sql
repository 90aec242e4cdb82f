-- The last entry of each.
-- writes: trigger_states
update trigger_states as s
set last_at = greatest(s.last_at, k.last_at)
from unnest(:userIds::bigint[], :campaignIds::bigint[], :times::timestamptz[]) as k (user_id, campaign_id, last_at)
where s.user_id = k.user_id and s.campaign_id = k.campaign_id;
