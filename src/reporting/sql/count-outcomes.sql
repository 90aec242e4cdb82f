-- The ledger's rows of a campaign by variant, outcome and, of suppressed ones, reason. A queued row under an open slice is sending:
-- those are found from the few slices that are open, not by asking every row. resent: of the rows, those sent again after a doubt.
-- reads: deliveries, runs, slices
with regular as (
  -- As an array: behind a join the planner takes a campaign of a million for a thousand rows, and sorts it.
  select array(select r.id from runs as r where r.campaign_id = :campaignId::bigint and r.kind = 'regular'
    and (:runId::bigint is null or r.id = :runId::bigint)) as runs),
decided as (
  select d.variant, d.state, case when d.state = 'suppressed' then d.reason end as reason, count(*) as count,
    count(*) filter (where d.doubts > 0) as resent
  from deliveries as d
  where d.campaign_id = :campaignId::bigint and d.run_id = any ((select g.runs from regular as g)::bigint[])
  group by 1, 2, 3),
sending as (
  select d.variant, count(*) as count, count(*) filter (where d.doubts > 0) as resent
  from slices as s
  join deliveries as d on d.chunk_id = s.chunk_id and d.month = s.month and d.id between s.first_id and s.last_id and d.state = 'queued'
  where s.closed_at is null and s.campaign_id = :campaignId::bigint and d.run_id = any ((select g.runs from regular as g)::bigint[])
  group by 1)
select o.variant, o.state::text as outcome, o.reason, o.count - coalesce(s.count, 0) as count,
  o.resent - coalesce(s.resent, 0) as resent
from decided as o
left join sending as s on o.state = 'queued' and s.variant = o.variant
union all
select s.variant, 'sending', null, s.count, s.resent from sending as s;
