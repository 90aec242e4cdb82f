-- Another life for what is still to be decided of a campaign's open runs.
-- writes: runs, waves
with run as (
  update runs as r
  set expires_at = r.expires_at + :byMs::double precision * interval '1 millisecond'
  where r.campaign_id = :campaignId::bigint and r.kind = 'regular' and r.completed_at is null
  returning r.id)
update waves as w
set expires_at = w.expires_at + :byMs::double precision * interval '1 millisecond'
from run as r
where w.run_id = r.id and w.decided_at is null;
