-- Opt-outs in order of arrival, with the message each is to be credited to: the one it names; where it names none, the last marketing
-- message on the channel within the 7 days before, if there is one and the person had not been out already by then (in the order in
-- which it happened, of what has been told so far). receivedAt tells how far
-- the reader may move on: an id is drawn before its commit, so younger rows may appear below older ones.
-- reads: subscription_log, deliveries
select l.id::text as id, l.user_id::text as "userId", l.message_id as "messageId", l.occurred_at as "occurredAt",
  l.received_at as "receivedAt", d.month, d.id as "deliveryId"
from subscription_log as l
left join lateral (
  select m.month::text as month, m.id::text as id
  from deliveries as m
  where l.message_id is null and m.user_id = l.user_id and m.channel = l.channel and m.state = 'sent' and m.counted_at is not null
    and m.settled_at <= l.occurred_at and m.settled_at > l.occurred_at - interval '7 days'
    and (
      select p.state from subscription_log as p
      where p.user_id = l.user_id and p.channel = l.channel and p.topic = l.topic
        and (p.occurred_at, p.id) < (l.occurred_at, l.id)
      order by p.occurred_at desc, p.id desc limit 1) is distinct from 'unsubscribed'
  order by m.settled_at desc, m.id desc
  limit 1) as d on true
where l.id > :after::bigint and l.state = 'unsubscribed' and l.received_at > :since::timestamptz
order by l.id
limit :limit::integer;
