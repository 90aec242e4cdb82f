-- Whether this lease may claim another slice: its fence still holds, the campaign is neither paused nor cancelled, and nobody
-- has stopped the engine. Locks the chunk against a new lease until the slice is committed, and shares the campaign's row with
-- other claims, so that a pause or cancel that is acknowledged precedes every later claim.
-- reads: chunks, campaigns, engine_state, runs
select c.status, r.kind, e.stopped_at is not null as stopped, coalesce(:now::timestamptz, clock_timestamp()) as now
from chunks as k
join campaigns as c on c.id = k.campaign_id
join runs as r on r.id = k.run_id
cross join engine_state as e
where k.id = :chunkId::bigint and k.fence = :fence::integer and k.closed_at is null and k.lease_until > clock_timestamp()
for update of k
for share of c;
