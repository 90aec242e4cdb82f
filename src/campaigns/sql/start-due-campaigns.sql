-- scheduled → running, once the first wave is due (planning may have decided it before this tick).
-- reads: runs, waves   writes: campaigns
update campaigns as c
set status = 'running', updated_at = i.now
from (select coalesce(:now::timestamptz, clock_timestamp()) as now) as i
where c.status = 'scheduled' and exists (
  select from runs as r join waves as w on w.run_id = r.id
  where r.campaign_id = c.id and r.kind = 'regular' and w.due_at <= i.now)
returning c.id;
