-- Once for each occasion, however often it is told.
-- writes: trigger_entries
insert into trigger_entries (user_id, campaign_id, entered_at, due_at, expires_at, source, event)
select e.user_id, e.campaign_id, e.entered_at, e.due_at, e.expires_at, e.source, e.event::jsonb
from unnest(:userIds::bigint[], :campaignIds::bigint[], :times::timestamptz[], :dues::timestamptz[], :expiries::timestamptz[],
  :sources::text[], :events::text[]) as e (user_id, campaign_id, entered_at, due_at, expires_at, source, event)
order by e.user_id, e.campaign_id, e.entered_at
on conflict (user_id, campaign_id, source) do nothing
returning id;
