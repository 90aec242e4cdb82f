-- The messages of a user that count, of those decided by an instant, into the session's history; one that was not settled by then counts as
-- of then. For what would be decided then: a pass counts whatever there is, since nothing comes after it. Twin: list-counted-messages.sql.
-- reads: deliveries   writes: pass_history (temporary)
insert into pass_history (user_id, id, campaign_id, channel, topic_id, at, this_pass)
select :userId::bigint, d.id, d.campaign_id, d.channel, d.topic_id, least(d.counted_at, :at::timestamptz), false
from deliveries as d
where d.user_id = :userId::bigint and d.month >= :firstMonth::date and d.counted_at is not null and d.counted_at > :horizon::timestamptz
  and d.decided_at <= :at::timestamptz;
