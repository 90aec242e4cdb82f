-- Campaigns that wait for entries into a segment, with from when on its changes have to be read.
-- reads: campaigns, trigger_cursors
select c.id, c.definition, c.launched_at as "launchedAt", c.definition #>> '{schedule,segment}' as segment,
  greatest(c.launched_at, u.read_until - interval '10 minutes') as "readFrom",
  date_trunc('milliseconds', coalesce(:now::timestamptz, clock_timestamp())) as now
from campaigns as c
left join trigger_cursors as u on u.campaign_id = c.id
where c.definition #>> '{schedule,type}' = 'triggered' and c.definition #>> '{schedule,segment}' is not null
  and c.status in ('running', 'paused')
order by c.id;
