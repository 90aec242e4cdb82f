-- Credits each of the given events to the last touch within its campaign's window, takes the credit away where none is left, and
-- marks the messages that gained or lost one as updated. The credit is computed afresh from what the tables hold, so the order in
-- which events, opens and clicks arrived makes no difference. Oracle: attribution.ts.
-- reads: campaigns, runs, deliveries · writes: conversions, message_facts
with event as (
  select e.user_id, e.event_id, e.name, e.occurred_at, e.value, e.currency
  from unnest(:userIds::bigint[], :eventIds::text[], :names::text[], :occurredAts::timestamptz[], :values::numeric[], :currencies::text[])
    as e (user_id, event_id, name, occurred_at, value, currency)),
goal as materialized (
  select c.id as campaign_id, c.definition->'conversion'->>'event' as name,
    (c.definition->'conversion'->>'window')::interval as reach,
    coalesce(c.definition->'conversion'->>'attribution', 'sent') as attribution
  from campaigns as c
  where c.definition->'conversion'->>'event' = any (:names::text[]) and c.status <> 'draft'),
widest as (
  select g.name, max(g.reach) as reach from goal as g group by g.name),
touch as (
  -- LATERAL with OFFSET keeps the planner on the user's own index: by campaign it would read whole campaigns.
  select e.user_id, e.event_id, d.month, d.id, d.campaign_id, d.run_id, d.settled_at, d.settled_at as at, 0 as rank
  from event as e
  join widest as w on w.name = e.name
  cross join lateral (
    select x.month, x.id, x.campaign_id, x.run_id, x.settled_at
    from deliveries as x
    where x.user_id = e.user_id and x.settled_at > e.occurred_at - w.reach and x.settled_at <= e.occurred_at
      and x.state in ('sent', 'unknown')
    offset 0) as d
  join goal as g on g.campaign_id = d.campaign_id and g.name = e.name and g.attribution = 'sent'
  where d.settled_at > e.occurred_at - g.reach
  union all
  select e.user_id, e.event_id, d.month, d.id, d.campaign_id, d.run_id, d.settled_at, f.at, f.rank
  from event as e
  cross join lateral (
    select x.month, x.delivery_id, x.opened_at, x.clicked_at, x.campaign_id
    from message_facts as x
    where x.user_id = e.user_id and (x.opened_at <= e.occurred_at or x.clicked_at <= e.occurred_at)
    offset 0) as x
  join goal as g on g.campaign_id = x.campaign_id and g.name = e.name and g.attribution in ('opened', 'clicked')
  cross join lateral (
    select case g.attribution when 'opened' then x.opened_at else x.clicked_at end as at,
      case g.attribution when 'opened' then 1 else 2 end as rank) as f
  join deliveries as d on d.month = x.month and d.user_id = e.user_id and d.id = x.delivery_id and d.state in ('sent', 'unknown')
  where f.at > e.occurred_at - g.reach and f.at <= e.occurred_at),
winner as (
  select distinct on (t.user_id, t.event_id) t.user_id, t.event_id, t.month, t.id, t.campaign_id, t.run_id
  from touch as t
  join runs as r on r.id = t.run_id and r.kind = 'regular'
  order by t.user_id, t.event_id, t.at desc, t.rank desc, t.settled_at desc, t.id desc),
before as (
  select c.user_id, c.event_id, c.month, c.delivery_id as id
  from conversions as c join event as e using (user_id, event_id)),
taken as (
  delete from conversions as c
  using before as b
  where c.user_id = b.user_id and c.event_id = b.event_id
    and not exists (select from winner as w where w.user_id = b.user_id and w.event_id = b.event_id)),
given as (
  insert into conversions as c
    (user_id, event_id, name, occurred_at, value, currency, month, delivery_id, campaign_id, run_id, credited_at)
  select w.user_id, w.event_id, e.name, e.occurred_at, e.value, e.currency, w.month, w.id, w.campaign_id, w.run_id,
    coalesce(:now::timestamptz, clock_timestamp())
  from winner as w join event as e using (user_id, event_id)
  order by w.user_id, w.event_id
  on conflict (user_id, event_id) do update
    set month = excluded.month, delivery_id = excluded.delivery_id, campaign_id = excluded.campaign_id, run_id = excluded.run_id,
        credited_at = excluded.credited_at
    where (c.month, c.delivery_id) is distinct from (excluded.month, excluded.delivery_id)),
changed as (
  select w.month, w.user_id, w.id from winner as w
  where not exists (select from before as b where b.user_id = w.user_id and b.event_id = w.event_id and b.id = w.id)
  union
  select b.month, b.user_id, b.id from before as b
  where not exists (select from winner as w where w.user_id = b.user_id and w.event_id = b.event_id and w.id = b.id))
insert into message_facts as f (month, user_id, delivery_id, campaign_id, run_id, channel, updated_at)
select d.month, d.user_id, d.id, d.campaign_id, d.run_id, d.channel, coalesce(:now::timestamptz, clock_timestamp())
from changed as x join deliveries as d using (month, user_id, id)
order by d.month, d.user_id, d.id
on conflict (month, user_id, delivery_id) do update set updated_at = excluded.updated_at
returning f.delivery_id::text as id;
