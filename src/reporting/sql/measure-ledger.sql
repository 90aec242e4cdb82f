-- What must read 0, of runs that are open or closed less than an hour ago: rows that no figure of the results counts, and rows still open
-- in a run that was closed. Beside it the age of the oldest work that is due, and how many messages are in doubt.
-- reads: runs, deliveries, waves, chunks, campaigns, engine_state
with instant as materialized (select coalesce(:now::timestamptz, clock_timestamp()) as now)
select (
    select count(*) filter (where d.state not in ('held_out', 'queued', 'sent', 'failed', 'unknown', 'deferred') and (d.state <> 'suppressed' or d.reason is null))
      + count(*) filter (where r.completed_at is not null and d.state in ('queued', 'deferred'))
    from runs as r
    join deliveries as d on d.month = r.month and d.run_id = r.id
    where r.completed_at is null or r.completed_at > i.now - interval '1 hour')::integer as imbalance,
  (select count(*) from deliveries as d where d.trouble = 'unknown')::integer as unknown,
  greatest(0, extract(epoch from i.now - least(
    (select min(w.due_at) from waves as w join campaigns as c on c.id = w.campaign_id
     where w.decided_at is null and c.status in ('scheduled', 'running')),
    (select min(k.not_before) from chunks as k join campaigns as c on c.id = k.campaign_id
     where k.closed_at is null and c.status = 'running'))))::float8 as "oldestDue"
from instant as i;
