-- A campaign day by day in a zone, each thing on the day it happened: decided, sent, opened …; a conversion on the day of its event.
-- reads: deliveries, runs, message_facts, conversions
with row as (
  select d.month, d.user_id, d.id, d.decided_at, d.settled_at, d.state
  from deliveries as d
  join runs as r on r.id = d.run_id and r.kind = 'regular'
  where d.campaign_id = :campaignId::bigint and (:runId::bigint is null or d.run_id = :runId::bigint)),
fact as (
  select f.delivered_at, f.opened_at, f.clicked_at, f.unsubscribed_at
  from message_facts as f
  join runs as r on r.id = f.run_id and r.kind = 'regular'
  where f.campaign_id = :campaignId::bigint and (:runId::bigint is null or f.run_id = :runId::bigint)),
credit as (
  select c.occurred_at, c.value, coalesce(c.currency, :currency::text) as currency,
    row_number() over (partition by c.month, c.user_id, c.delivery_id order by c.occurred_at, c.event_id) = 1 as first
  from conversions as c
  where c.campaign_id = :campaignId::bigint and (:runId::bigint is null or c.run_id = :runId::bigint)),
happened as (
  select d.decided_at as at, 'audience' as what, 1 as n, 0::numeric as money from row as d
  union all select d.settled_at, 'sent', 1, 0 from row as d where d.state = 'sent'
  union all select f.delivered_at, 'delivered', 1, 0 from fact as f where f.delivered_at is not null
  union all select f.opened_at, 'opened', 1, 0 from fact as f where f.opened_at is not null
  union all select f.clicked_at, 'clicked', 1, 0 from fact as f where f.clicked_at is not null
  union all select f.unsubscribed_at, 'unsubscribed', 1, 0 from fact as f where f.unsubscribed_at is not null
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
