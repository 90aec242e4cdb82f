-- What a user did with the marketing messages of each channel: how many were sent, how many opened (in mail: opened or
-- clicked) and the ordinal of the last of those. Transactional and test messages do not count (counted_at is null).
-- reads: deliveries, message_facts
select o.channel, count(*)::integer as messages, (count(*) filter (where o.opened))::integer as opens,
  coalesce(max(o.ordinal) filter (where o.opened), 0)::integer as "lastOpened"
from (
  select m.channel, row_number() over (partition by m.channel order by m.settled_at, m.id) as ordinal,
    f.opened_at is not null or (m.channel = 'email' and f.clicked_at is not null) as opened
  from deliveries m
  left join message_facts f on f.month = m.month and f.user_id = m.user_id and f.delivery_id = m.id
  where m.user_id = :id::bigint and m.state = 'sent' and m.counted_at is not null
) o
group by o.channel
