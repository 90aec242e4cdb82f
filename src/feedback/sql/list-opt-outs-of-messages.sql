-- Opt-outs that name the message they came from, in order of arrival. receivedAt tells how far the reader may move on: an id is
-- drawn before its commit, so younger rows may appear below older ones.
-- reads: subscription_log
select l.id::text as id, l.user_id::text as "userId", l.message_id as "messageId", l.occurred_at as "occurredAt",
  l.received_at as "receivedAt"
from subscription_log as l
where l.message_id is not null and l.id > :after::bigint and l.state = 'unsubscribed'
  and l.received_at > :since::timestamptz
order by l.id
limit :limit::integer;
