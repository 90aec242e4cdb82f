-- The wishes of one person as they stand.
-- reads: subscriptions
select s.channel, s.topic, s.state from subscriptions as s where s.user_id = :userId::bigint;
