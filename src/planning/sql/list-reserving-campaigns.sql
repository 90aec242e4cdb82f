-- Campaigns that hold back slots, with the next due instant of each run and zone (null: of everybody) within 7 days. Of a run that has
-- begun the run too: whom it has reached already (at an earlier hour, in another zone) it holds nothing for.
-- reads: campaigns, waves, runs
select c.id, c.definition, c.topic_id as "topicId", array_agg(n.zone) as zones, array_agg(n.due_at) as dues,
  array_agg(n.begun) as begun, array_agg(n.month::text) as months
from campaigns as c
cross join lateral (
  select z.zone, min(w.due_at) as due_at, r.month,
    case when exists (select from waves as o where o.run_id = r.id and o.due_at <= :now::timestamptz) then r.id end as begun
  from waves as w
  join runs as r on r.id = w.run_id
  cross join unnest(coalesce(w.zones, array[null::text])) as z (zone)
  where w.campaign_id = c.id and r.kind = 'regular' and w.decided_at is null and not w.passed
    and w.due_at > :now::timestamptz and w.due_at <= :now::timestamptz + interval '7 days'
  group by z.zone, r.id) as n
where c.status in ('scheduled', 'running') and (c.definition ->> 'reserve')::boolean and not (c.definition ->> 'ignoreCaps')::boolean
  and not c.transactional
group by c.id;
