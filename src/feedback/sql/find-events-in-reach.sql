-- The conversion events whose credit a newly reported open or click of these messages may change: those that its window reaches,
-- and those credited to the message so far (an earlier first open may put them out of reach).
-- reads: message_facts, campaigns, events, conversions
with ref as (
  select r.month, r.user_id, r.delivery_id
  from unnest(:months::date[], :userIds::bigint[], :ids::bigint[]) as r (month, user_id, delivery_id)),
touched as (
  select f.user_id, g.name, g.reach, case g.attribution when 'opened' then f.opened_at else f.clicked_at end as at
  from ref join message_facts as f using (month, user_id, delivery_id)
  join lateral (
    select c.definition->'conversion'->>'event' as name, (c.definition->'conversion'->>'window')::interval as reach,
      c.definition->'conversion'->>'attribution' as attribution
    from campaigns as c
    where c.id = f.campaign_id) as g on g.attribution in ('opened', 'clicked'))
select e.user_id::text as "userId", e.event_id as "eventId", e.name, e.occurred_at as "occurredAt", e.value::text as value, e.currency
from touched as t
join events as e on e.user_id = t.user_id and e.name = t.name and e.occurred_at >= t.at and e.occurred_at < t.at + t.reach
  and e.month between date_trunc('month', t.at)::date and (t.at + t.reach)::date
union
select c.user_id::text, c.event_id, c.name, c.occurred_at, c.value::text, c.currency
from conversions as c join ref as r on r.user_id = c.user_id and r.delivery_id = c.delivery_id;
