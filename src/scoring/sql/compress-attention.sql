-- People by what they did with the marketing messages of a channel, equal histories added up; and by the ordinal of the
-- message after which they opted out (null: still reachable).
-- reads: deliveries, message_facts
select h.channel, h.messages, h.opens, h.last_opened as "lastOpened", h.left_at as "leftAt", count(*)::integer as weight
from (
  select o.user_id, o.channel, count(*)::integer as messages, (count(*) filter (where o.opened))::integer as opens,
    coalesce(max(o.ordinal) filter (where o.opened), 0)::integer as last_opened, (min(o.ordinal) filter (where o.opted_out))::integer as left_at
  from (
    select m.user_id, m.channel, row_number() over (partition by m.user_id, m.channel order by m.settled_at, m.id) as ordinal,
      f.opened_at is not null or (m.channel = 'email' and f.clicked_at is not null) as opened,
      f.unsubscribed_at is not null as opted_out
    from deliveries m
    left join message_facts f on f.month = m.month and f.user_id = m.user_id and f.delivery_id = m.id
    where m.state = 'sent' and m.counted_at is not null
  ) o
  group by o.user_id, o.channel
) h
group by h.channel, h.messages, h.opens, h.last_opened, h.left_at
