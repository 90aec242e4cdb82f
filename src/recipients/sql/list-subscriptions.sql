-- What a user said about each channel and topic; topic '' (the whole channel) stands first.
-- reads: subscriptions
select s.channel, s.topic, s.state, s.occurred_at as "occurredAt", s.source
from subscriptions as s
where s.user_id = :userId::bigint
  and (:channel::channel is null or (s.channel = :channel::channel and s.topic = :topic::text))
order by s.channel, s.topic;
