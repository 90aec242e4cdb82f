-- People by what they did with the marketing messages of a channel, equal histories added up: for the whole channel, and for each of
-- the segments those who were in it when their last message was decided (membership as it was at contact, not as it became).
-- reads: deliveries, message_facts, conversions, segment_stays, segments
with heard as materialized (
  select o.user_id, o.channel, count(*)::integer as messages, (count(*) filter (where o.opened))::integer as opens,
    (count(*) filter (where o.converted))::integer as conversions, (min(o.ordinal) filter (where o.opted_out))::integer as left_at,
    max(o.decided_at) as last_decided_at
  from (
    select m.user_id, m.channel, m.decided_at,
      row_number() over (partition by m.user_id, m.channel order by m.settled_at, m.id) as ordinal,
      f.opened_at is not null or (m.channel = 'email' and f.clicked_at is not null) as opened,
      f.unsubscribed_at is not null as opted_out,
      exists (select from conversions as c where c.user_id = m.user_id and c.delivery_id = m.id) as converted
    from deliveries as m
    left join message_facts as f on f.month = m.month and f.user_id = m.user_id and f.delivery_id = m.id
    where m.state = 'sent' and m.counted_at is not null) as o
  group by o.user_id, o.channel),
placed as (
  select h.*, null::text as segment from heard as h
  union all
  select h.*, g.key from segments as g
  join segment_stays as y on y.segment_id = g.id
  join heard as h on h.user_id = y.user_id and y.from_at <= h.last_decided_at and h.last_decided_at < y.to_at
  where g.key = any (:segments::text[]))
select p.channel, p.segment, p.messages, p.opens, p.conversions, p.left_at as "leftAt", count(*)::integer as weight
from placed as p
group by p.channel, p.segment, p.messages, p.opens, p.conversions, p.left_at
