-- Wishes that may be, or may change, an opt-out that is to be credited, in order of arrival: every opt-out, and a subscription that is told
-- after an opt-out which it came before. receivedAt tells how far the reader may move on: an id is drawn before its commit, so younger
-- rows may appear below older ones.
-- reads: subscription_log
select l.id::text as id, l.user_id::text as "userId", l.state, l.message_id as "messageId", l.occurred_at as "occurredAt",
  l.received_at as "receivedAt"
from subscription_log as l
where l.id > :after::bigint and l.received_at > :since::timestamptz
  and (l.state = 'unsubscribed' or exists (
    select from subscription_log as o
    where o.user_id = l.user_id and o.channel = l.channel and o.topic = l.topic and o.state = 'unsubscribed'
      and o.occurred_at > l.occurred_at))
order by l.id
limit :limit::integer;
