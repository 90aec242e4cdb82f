-- Moves a run, and its wave as long as that is undecided, to another due instant.
-- writes: runs, waves
with run as (
  update runs as r
  set scheduled_for = i.due, month = date_trunc('month', i.due at time zone 'UTC')::date,
      expires_at = i.due + :expiresAfterMs::double precision * interval '1 millisecond'
  from (select :dueAt::timestamptz as due) as i
  where r.id = :runId::bigint
  returning r.id, r.scheduled_for, r.expires_at)
update waves as w
set due_at = r.scheduled_for, expires_at = r.expires_at
from run as r
where w.run_id = r.id and w.decided_at is null;
