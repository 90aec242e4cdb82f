-- A campaign day by day in a zone, each thing on the day it happened: decided, sent, opened …; a conversion on the day of its event.
-- Counted by quarters of an hour first, on which every zone's midnight falls: a million conversions of time into a zone cost more
-- than all the rest.
-- reads: deliveries, runs, message_facts, conversions
with regular as (
  select array(select r.id from runs as r where r.campaign_id = :campaignId::bigint and r.kind = 'regular'
    and (:runId::bigint is null or r.id = :runId::bigint)) as runs),
row as materialized (
  select date_bin('15 minutes', d.decided_at, 'epoch') as decided, date_bin('15 minutes', case when d.state = 'sent' then d.settled_at end, 'epoch') as sent,
    count(*) as n
  from deliveries as d
  where d.campaign_id = :campaignId::bigint and d.run_id = any ((select g.runs from regular as g)::bigint[])
  group by 1, 2),
fact as (
  select v.what, date_bin('15 minutes', v.at, 'epoch') as at, count(*) as n
  from message_facts as f
  cross join lateral (values ('delivered', f.delivered_at), ('opened', f.opened_at), ('clicked', f.clicked_at),
    ('unsubscribed', f.unsubscribed_at)) as v (what, at)
  where f.campaign_id = :campaignId::bigint and f.run_id = any ((select g.runs from regular as g)::bigint[]) and v.at is not null
  group by 1, 2),
credit as (
  select c.occurred_at, c.value, coalesce(c.currency, :currency::text) as currency,
    row_number() over (partition by c.month, c.user_id, c.delivery_id order by c.occurred_at, c.event_id) = 1 as first
  from conversions as c
  where c.campaign_id = :campaignId::bigint and (:runId::bigint is null or c.run_id = :runId::bigint)),
happened as (
  select d.decided as at, 'audience' as what, d.n, 0::numeric as money from row as d
  union all select d.sent, 'sent', d.n, 0 from row as d where d.sent is not null
  union all select f.at, f.what, f.n, 0 from fact as f
  union all select c.occurred_at, 'converted', case when c.first then 1 else 0 end,
    case when c.currency = :currency::text then coalesce(c.value, 0) else 0 end from credit as c)
select (h.at at time zone :timezone::text)::date::text as day,
  coalesce(sum(h.n) filter (where h.what = 'audience'), 0)::integer as audience,
  coalesce(sum(h.n) filter (where h.what = 'sent'), 0)::integer as sent,
  coalesce(sum(h.n) filter (where h.what = 'delivered'), 0)::integer as delivered,
  coalesce(sum(h.n) filter (where h.what = 'opened'), 0)::integer as opened,
  coalesce(sum(h.n) filter (where h.what = 'clicked'), 0)::integer as clicked,
  coalesce(sum(h.n) filter (where h.what = 'unsubscribed'), 0)::integer as unsubscribed,
  coalesce(sum(h.n) filter (where h.what = 'converted'), 0)::integer as converted,
  coalesce(sum(h.money), 0)::float8 as revenue
from happened as h
group by 1
order by 1;
