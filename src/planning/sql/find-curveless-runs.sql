-- Open bestHour runs that are due and have no curve of send times yet.
-- reads: runs, campaigns, waves, send_time_curves
select r.id, c.definition
from runs as r
join campaigns as c on c.id = r.campaign_id
where r.completed_at is null and r.kind = 'regular' and c.definition #>> '{schedule,type}' = 'bestHour'
  and c.status in ('scheduled', 'running')
  and exists (select from waves as w where w.run_id = r.id and w.due_at <= coalesce(:now::timestamptz, clock_timestamp()))
  and not exists (select from send_time_curves as s where s.run_id = r.id);
