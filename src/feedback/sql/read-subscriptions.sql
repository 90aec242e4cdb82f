-- The wishes of people as they stand.
-- reads: subscriptions
select s.user_id::text as "userId", s.channel, s.topic, s.state from subscriptions as s where s.user_id = any(:userIds::bigint[]);
