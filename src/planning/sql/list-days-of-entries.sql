-- UTC days on which entries are due and that have no run yet.
-- reads: trigger_entries, campaigns, runs
select distinct e.campaign_id as "campaignId", date_trunc('day', e.due_at, 'UTC') as day, c.definition
from trigger_entries as e
join campaigns as c on c.id = e.campaign_id
where e.decided_at is null and e.due_at <= coalesce(:now::timestamptz, clock_timestamp()) and c.status = 'running'
  and not exists (
    select from runs as r
    where r.campaign_id = e.campaign_id and r.kind = 'regular' and r.scheduled_for = date_trunc('day', e.due_at, 'UTC'));
