-- Takes wishes down: for each (user, channel, topic) the latest occurred_at stands, of equal ones the later to arrive. Rows marked
-- `stands` are the winners among the given; the others are only logged. Without :explicit (a batch of the host) nothing turns
-- unsubscribed into subscribed, and only true changes are logged. Answers what changed.
-- writes: subscriptions, subscription_log
with given as (
  select * from jsonb_to_recordset(:changes::jsonb) as g (
    "position" integer, "userId" bigint, "channel" channel, "topic" text, "state" text, "occurredAt" timestamptz, "source" text,
    "messageId" text, "stands" boolean)),
changed as (
  insert into subscriptions as s (user_id, channel, topic, state, occurred_at, source)
  select g."userId", g."channel", g."topic", g."state", g."occurredAt", g."source"
  from given as g
  where g."stands"
  order by g."userId", g."channel", g."topic"
  on conflict (user_id, channel, topic) do update
    set state = excluded.state, occurred_at = excluded.occurred_at, source = excluded.source
    where excluded.occurred_at >= s.occurred_at
      and (:explicit::boolean or (s.state = 'subscribed' and excluded.state = 'unsubscribed'))
  returning s.user_id, s.channel, s.topic),
logged as (
  insert into subscription_log (user_id, channel, topic, state, occurred_at, received_at, source, message_id)
  select g."userId", g."channel", g."topic", g."state", g."occurredAt", :now::timestamptz, g."source", g."messageId"
  from given as g
  where case
    when :explicit::boolean then not exists (
      select from subscription_log as l
      where l.user_id = g."userId" and l.channel = g."channel" and l.topic = g."topic" and l.state = g."state"
        and l.occurred_at = g."occurredAt")
    else exists (
      select from changed as c where c.user_id = g."userId" and c.channel = g."channel" and c.topic = g."topic") end
  order by g."position")
select c.user_id as "userId", c.channel, c.topic from changed as c;
