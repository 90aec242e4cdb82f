-- Held until the transaction ends, in one order. What was let in under `always` has left no state: the entries tell of it, so that a
-- campaign whose reentry is tightened lets nobody in again who was in before. Of entries that others let in meanwhile the state knows.
-- reads: trigger_states, trigger_entries
select s.user_id as "userId", s.campaign_id as "campaignId", nullif(greatest(s.last_at, (
  select max(e.entered_at) from trigger_entries as e
  where e.user_id = s.user_id and e.campaign_id = s.campaign_id)), '-infinity') as "lastAt"
from trigger_states as s
join unnest(:userIds::bigint[], :campaignIds::bigint[]) as k (user_id, campaign_id) using (user_id, campaign_id)
order by s.user_id, s.campaign_id
for update of s;
