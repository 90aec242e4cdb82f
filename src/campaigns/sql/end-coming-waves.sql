-- Ends occurrences for zones that they have not come to: these occurrences altogether, and all of the campaign's where they would be due after
-- `until`. Nobody is decided on.
-- reads: runs   writes: waves
update waves as w
set decided_at = :now::timestamptz
from runs as r
where r.id = w.run_id and r.campaign_id = :campaignId::bigint and r.kind = 'regular' and r.completed_at is null
  and w.decided_at is null and w.due_at > :now::timestamptz
  and (r.id = any (:runIds::bigint[]) or w.due_at > coalesce(:until::timestamptz, 'infinity'));
