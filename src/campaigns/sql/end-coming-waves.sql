-- Ends these occurrences for the zones that they have not come to: nobody is decided on.
-- writes: waves
update waves as w
set decided_at = :now::timestamptz
where w.run_id = any (:runIds::bigint[]) and w.decided_at is null and w.due_at > :now::timestamptz;
