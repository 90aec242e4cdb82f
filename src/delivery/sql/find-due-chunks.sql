-- Open chunks that somebody should be sending: what Redis forgot.
-- reads: chunks, campaigns, runs, engine_state
select k.id
from chunks as k
join campaigns as c on c.id = k.campaign_id
join runs as r on r.id = k.run_id
where k.closed_at is null and k.not_before <= coalesce(:now::timestamptz, clock_timestamp())
  and (k.lease_until is null or k.lease_until < clock_timestamp())
  and (c.status in ('scheduled', 'running') or r.kind = 'test')
  and (select e.stopped_at is null from engine_state as e)
order by k.lane, k.not_before, k.id
limit 200;
