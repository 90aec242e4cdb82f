-- What messages did to the people who were in a segment when they were contacted (segmentId null: everybody), in all, by channel and by
-- the messages they had had in the 7 days before.
-- reads: segment_stays, deliveries, runs, message_facts, conversions
with contact as (
  select d.month, d.user_id, d.id, d.channel, d.messages_in_7d, d.run_id
  from segment_stays as y
  join deliveries as d on d.user_id = y.user_id and y.from_at <= d.decided_at and d.decided_at < y.to_at
  where y.segment_id = :segmentId::bigint and d.state = 'sent'
    and (:from::timestamptz is null or d.settled_at >= :from::timestamptz) and (:to::timestamptz is null or d.settled_at < :to::timestamptz)
  union all
  select d.month, d.user_id, d.id, d.channel, d.messages_in_7d, d.run_id
  from deliveries as d
  where :segmentId::bigint is null and d.state = 'sent'
    and (:from::timestamptz is null or d.settled_at >= :from::timestamptz) and (:to::timestamptz is null or d.settled_at < :to::timestamptz))
select case when grouping(c.channel) = 0 then 'channel' when grouping(c.messages_in_7d) = 0 then 'pressure' else 'all' end as level,
  c.channel, c.messages_in_7d as "messagesIn7d", count(*)::integer as sent, count(f.opened_at)::integer as opened,
  count(f.clicked_at)::integer as clicked, count(f.unsubscribed_at)::integer as unsubscribed,
  (count(*) filter (where v.conversions > 0))::integer as converted, coalesce(sum(v.revenue), 0)::float8 as revenue
from contact as c
join runs as r on r.id = c.run_id and r.kind = 'regular'
left join message_facts as f on f.month = c.month and f.user_id = c.user_id and f.delivery_id = c.id
left join lateral (
  select count(*) as conversions,
    sum(case when coalesce(x.currency, :currency::text) = :currency::text then coalesce(x.value, 0) else 0 end) as revenue
  from conversions as x
  where x.user_id = c.user_id and x.delivery_id = c.id) as v on true
group by grouping sets ((), (c.channel), (c.messages_in_7d))
order by c.messages_in_7d;
