-- Whom occurrences to come are about, as their audience stands now, and when the next is due for them: of those that have not reached them yet.
-- reads: users, deliveries   writes: pass_reserved (temporary)
insert into pass_reserved (user_id, campaign_id, begun_run_id, priority, channel, topic_id, due_at)
select u.id, :campaignId::bigint, (array_agg(n.begun_run_id order by n.due_at))[1], :priority::smallint, :channel::channel, :topicId::integer, min(n.due_at)
from users as u
join unnest(:zones::text[], :dues::timestamptz[], :begun::bigint[], :months::date[]) as n (zone, due_at, begun_run_id, month)
  on n.zone is null or n.zone = coalesce(u.zone, :defaultZone::text)
where u.id >= :fromId::bigint and u.id < :toId::bigint and (__AUDIENCE__)
  and (n.begun_run_id is null or not exists (
    select from deliveries as d
    where d.month = n.month and d.run_id = n.begun_run_id and d.user_id = u.id and d.user_id >= :fromId::bigint and d.user_id < :toId::bigint))
group by u.id
