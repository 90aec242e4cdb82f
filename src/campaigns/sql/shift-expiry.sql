-- Another life for what is still to be decided of a campaign's open runs. A run that has begun ends no earlier than before: its rows keep the
-- expiry that they were decided by, and at the run's end whatever is open is closed. Later does no harm, each row has its own.
-- reads: wave_buckets   writes: runs, waves
with run as (
  update runs as r
  set expires_at = case
    when exists (
      select from waves as w
      where w.run_id = r.id and (w.decided_at is not null or exists (
        select from wave_buckets as b where b.wave_id = w.id and b.decided_at is not null)))
    then greatest(r.expires_at, r.expires_at + :byMs::double precision * interval '1 millisecond')
    else r.expires_at + :byMs::double precision * interval '1 millisecond' end
  where r.campaign_id = :campaignId::bigint and r.kind = 'regular' and r.completed_at is null
  returning r.id)
update waves as w
set expires_at = w.expires_at + :byMs::double precision * interval '1 millisecond'
from run as r
where w.run_id = r.id and w.decided_at is null;
