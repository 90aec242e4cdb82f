-- Campaigns that wait for one of these events; paused ones too: what happens meanwhile is decided once they are resumed.
-- reads: campaigns
select c.id, c.definition, c.launched_at as "launchedAt"
from campaigns as c
where c.definition #>> '{schedule,type}' = 'triggered' and c.definition #>> '{schedule,event}' = any (:names::text[])
  and c.status in ('running', 'paused')
order by c.id;
