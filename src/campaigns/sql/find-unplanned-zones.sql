-- Open occurrences by local time, with the zones that have no wave in them yet.
-- reads: runs, campaigns, waves
select r.id as "runId", r.campaign_id as "campaignId", r.local_at as "localAt", c.definition, c.launched_at as "launchedAt",
  array_agg(z.zone) as zones
from runs as r
join campaigns as c on c.id = r.campaign_id
cross join unnest(:zones::text[]) as z (zone)
where r.completed_at is null and r.kind = 'regular' and r.local_at is not null and c.status in ('scheduled', 'running')
  and (c.definition #>> '{schedule,type}' in ('local', 'bestHour') or c.definition #>> '{schedule,timezone}' = 'user')
  and not exists (select from waves as w where w.run_id = r.id and z.zone = any (w.zones))
group by r.id, r.campaign_id, r.local_at, c.definition, c.launched_at;
