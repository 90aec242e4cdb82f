-- Whom an occurrence to come is about, as its audience stands now, and when it is due for them.
-- reads: users   writes: pass_reserved (temporary)
insert into pass_reserved (user_id, campaign_id, priority, channel, topic_id, due_at)
select u.id, :campaignId::bigint, :priority::smallint, :channel::channel, :topicId::integer, min(n.due_at)
from users as u
join unnest(:zones::text[], :dues::timestamptz[]) as n (zone, due_at) on n.zone is null or n.zone = coalesce(u.zone, :defaultZone::text)
where u.id >= :fromId::bigint and u.id < :toId::bigint and (__AUDIENCE__)
group by u.id
