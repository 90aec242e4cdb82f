-- Occurrences by local time that have come to some zones and are still to come to others.
-- reads: runs, waves
select r.id, r.local_at as "localAt"
from runs as r
where r.campaign_id = :campaignId::bigint and r.kind = 'regular' and r.completed_at is null and r.local_at is not null
  and exists (select from waves as w where w.run_id = r.id and w.decided_at is null and w.due_at > :now::timestamptz)
order by r.id;
