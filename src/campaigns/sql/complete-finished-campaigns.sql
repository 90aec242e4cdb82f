-- Closes runs of which nothing is open, then running campaigns of which no run is open and none is to come.
-- The CASE sets the order: the last question walks the run's rows, so it is asked only when the cheap ones are answered, which
-- for a sound ledger is once in the run's life. A cancelled campaign's runs close too (its rows are swept), a minute later,
-- because a pass that began before the cancel may still commit. The day of a triggered campaign stays open for its entries until
-- the last of them would have expired.
-- reads: waves, chunks, deliveries, recurrences   writes: runs, campaigns
with instant as (
  select coalesce(:now::timestamptz, clock_timestamp()) as now),
finished as (
  update runs as r
  set completed_at = i.now
  from campaigns as c, instant as i
  where c.id = r.campaign_id and r.completed_at is null
    and (c.status = 'running' or r.kind = 'test' or c.status = 'cancelled' and c.updated_at < i.now - interval '1 minute')
    and (c.status = 'cancelled' or r.kind = 'test' or c.definition #>> '{schedule,type}' is distinct from 'triggered' or r.expires_at < i.now)
    and case
      when c.status <> 'cancelled' and exists (select from waves as w where w.run_id = r.id and w.decided_at is null) then false
      when exists (select from chunks as k where k.campaign_id = c.id and k.run_id = r.id and k.closed_at is null) then false
      when exists (select from deliveries as d where d.month = r.month and d.run_id = r.id and d.free_at is not null) then false
      else not exists (select from deliveries as d where d.month = r.month and d.run_id = r.id and d.state = 'queued')
    end
  returning r.id)
update campaigns as c
set status = 'completed', completed_at = i.now, updated_at = i.now
from instant as i
where c.status = 'running' and c.definition #>> '{schedule,type}' is distinct from 'triggered'
  and exists (select from runs as r where r.campaign_id = c.id and r.kind = 'regular')
  and not exists (select from recurrences as q where q.campaign_id = c.id and q.next_at is not null)
  and not exists (
    select from runs as r
    where r.campaign_id = c.id and r.kind = 'regular' and r.completed_at is null and r.id not in (select f.id from finished as f))
returning c.id;
