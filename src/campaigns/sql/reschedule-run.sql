-- Moves a run, and its wave as long as that is undecided, to another due instant, or gives it another expiry.
-- writes: runs, waves
with run as (
  update runs as r
  set scheduled_for = i.due, month = date_trunc('month', i.due at time zone 'UTC')::date,
      expires_at = i.due + :expiresAfterMs::double precision * interval '1 millisecond'
  from (select :dueAt::timestamptz as due) as i
  where r.id = :runId::bigint
  returning r.id, r.scheduled_for)
update waves as w
set due_at = r.scheduled_for
from run as r
where w.run_id = r.id and w.decided_at is null and w.due_at <> r.scheduled_for;
