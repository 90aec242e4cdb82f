-- The ledger's rows of a campaign by variant, outcome and, of suppressed ones, reason; and how many of them were sent again after a
-- doubt. A queued row under an open slice is sending.
-- reads: deliveries, runs, slices
select d.variant, o.outcome, case when o.outcome = 'suppressed' then d.reason end as reason, count(*) as count,
  count(*) filter (where d.doubts > 0) as resent
from deliveries as d
join runs as r on r.id = d.run_id and r.kind = 'regular'
cross join lateral (
  select case when d.state = 'queued' and exists (
      select from slices as s
      where s.chunk_id = d.chunk_id and s.closed_at is null and d.id between s.first_id and s.last_id)
    then 'sending' else d.state::text end as outcome) as o
where d.campaign_id = :campaignId::bigint and (:runId::bigint is null or d.run_id = :runId::bigint)
group by 1, 2, 3;
