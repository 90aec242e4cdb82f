-- All messages of a channel to whoever is asked for and not yet known: how many were sent, answered and converted, and how many in a
-- row, older than 24 h, have not been opened (clicked, in mail) since the last that was. No row is nothing sent.
-- Those asked for are one array: each index is walked once, over their entries alone, and nobody else's messages are read.
-- reads: deliveries, message_facts, conversions, pass_asked   writes: pass_heard (temporary)
with asked as materialized (
  select array_agg(p.user_id) as ids
  from pass_asked as p
  where not exists (select from pass_heard as k where k.user_id = p.user_id and k.channel = :channel::channel)
),
opened as (
  select f.user_id, f.delivery_id,
    f.opened_at <= :now::timestamptz or (:channel::channel = 'email' and f.clicked_at <= :now::timestamptz) as answered,
    case when :channel::channel = 'email' then f.clicked_at else f.opened_at end is not null as opened
  from message_facts as f
  where f.user_id = any ((select a.ids from asked as a)::bigint[]) and f.channel = :channel::channel
    and (f.opened_at is not null or f.clicked_at is not null)
),
converted as (
  select distinct x.user_id, x.delivery_id
  from conversions as x
  where x.user_id = any ((select a.ids from asked as a)::bigint[]) and x.occurred_at <= :now::timestamptz
),
messages as materialized (
  select d.user_id, d.id, d.settled_at, d.state = 'sent' and d.counted_at is not null as sent
  from deliveries as d
  where d.user_id = any ((select a.ids from asked as a)::bigint[]) and d.channel = :channel::channel and d.settled_at is not null
),
-- What was opened or bought is little beside what was sent: it is counted by itself.
replies as materialized (
  select m.user_id, max(m.settled_at) filter (where o.opened) as last_opened,
    count(*) filter (where m.sent and m.settled_at <= :now::timestamptz and o.answered) as opens,
    count(*) filter (where m.sent and m.settled_at <= :now::timestamptz and c.delivery_id is not null) as conversions
  from opened as o
  full join converted as c on c.user_id = o.user_id and c.delivery_id = o.delivery_id
  join messages as m on m.user_id = coalesce(o.user_id, c.user_id) and m.id = coalesce(o.delivery_id, c.delivery_id)
  group by m.user_id
),
sent as (
  select m.user_id, count(*) filter (where m.settled_at <= :now::timestamptz) as messages,
    count(*) filter (where m.settled_at <= (select :now::timestamptz - interval '24 hours')
      and (r.last_opened is null or m.settled_at > r.last_opened)) as unopened
  from messages as m
  left join replies as r on r.user_id = m.user_id
  where m.sent
  group by m.user_id
)
insert into pass_heard (user_id, channel, messages, opens, conversions, unopened)
select s.user_id, :channel::channel, s.messages, coalesce(r.opens, 0), coalesce(r.conversions, 0), s.unopened
from sent as s
left join replies as r on r.user_id = s.user_id;
