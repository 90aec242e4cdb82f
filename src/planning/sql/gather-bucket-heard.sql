-- All messages of a channel to everybody of the bucket: how many were sent, answered and converted, and how many in a row, older than
-- 24 h, have not been opened (clicked, in mail) since the last that was. Twin: gather-pool-heard.sql.
-- reads: deliveries, message_facts, conversions   writes: pass_heard (temporary)
with opened as materialized (
  select f.user_id, f.delivery_id,
    f.opened_at <= :now::timestamptz or (:channel::channel = 'email' and f.clicked_at <= :now::timestamptz) as answered,
    case when :channel::channel = 'email' then f.clicked_at else f.opened_at end is not null as opened
  from message_facts as f
  where f.user_id >= :fromId::bigint and f.user_id < :toId::bigint and f.channel = :channel::channel
    and (f.opened_at is not null or f.clicked_at is not null)
),
converted as materialized (
  select distinct x.user_id, x.delivery_id
  from conversions as x
  where x.user_id >= :fromId::bigint and x.user_id < :toId::bigint and x.occurred_at <= :now::timestamptz
),
messages as materialized (
  select d.user_id, d.id, d.settled_at, d.state = 'sent' and d.counted_at is not null as sent
  from deliveries as d
  where d.user_id >= :fromId::bigint and d.user_id < :toId::bigint and d.channel = :channel::channel and d.settled_at is not null
),
-- What was opened or bought is little beside what was sent: it is counted by itself, and only the users who opened are looked at again.
replies as materialized (
  select m.user_id, max(m.settled_at) filter (where o.opened) as last_opened,
    count(*) filter (where m.sent and m.settled_at <= :now::timestamptz and o.answered) as opens
  from opened as o
  join messages as m on m.user_id = o.user_id and m.id = o.delivery_id
  group by m.user_id
),
bought as (
  select m.user_id, count(*) as conversions
  from converted as c
  join messages as m on m.user_id = c.user_id and m.id = c.delivery_id
  where m.sent and m.settled_at <= :now::timestamptz
  group by m.user_id
),
sent as (
  select m.user_id, count(*) filter (where m.settled_at <= :now::timestamptz) as messages,
    count(*) filter (where m.settled_at <= :now::timestamptz - interval '24 hours' and (r.last_opened is null or m.settled_at > r.last_opened)) as unopened
  from messages as m
  left join replies as r on r.user_id = m.user_id
  where m.sent
  group by m.user_id
)
insert into pass_heard (user_id, channel, messages, opens, conversions, unopened)
select s.user_id, :channel::channel, s.messages, coalesce(r.opens, 0), coalesce(b.conversions, 0), s.unopened
from sent as s
left join replies as r on r.user_id = s.user_id
left join bought as b on b.user_id = s.user_id
where not exists (select from pass_heard as k where k.user_id = s.user_id and k.channel = :channel::channel);
