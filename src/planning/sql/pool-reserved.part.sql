-- Whom occurrences to come are about, as their audience stands now, and when the next is due for them: of those that have not reached them yet.
-- reads: users, deliveries   writes: pass_reserved (temporary)
insert into pass_reserved (user_id, campaign_id, begun_run_id, priority, channel, topic_id, due_at)
with person as (
  select u.id, coalesce(u.zone, :defaultZone::text) as zone
  from users as u
  where u.id >= :fromId::bigint and u.id < :toId::bigint and (__AUDIENCE__)
),
-- Of everybody where there is no zone. '' is none, and can be joined by hash.
occurrence as materialized (
  select coalesce(n.zone, '') as zone, n.due_at, n.begun_run_id, n.month
  from unnest(:zones::text[], :dues::timestamptz[], :begun::bigint[], :months::date[]) as n (zone, due_at, begun_run_id, month)
),
-- The next is almost everybody's; the later ones are asked for whom it has reached. All of them for each user, of a recurrence that comes
-- every minute in each of seven zones, took 300 users 5 s.
next as (
  select p.id, o.zone, o.due_at, o.begun_run_id, o.begun_run_id is not null and exists (
    select from deliveries as d
    where d.month = o.month and d.run_id = o.begun_run_id and d.user_id = p.id and d.user_id >= :fromId::bigint and d.user_id < :toId::bigint) as reached
  from person as p
  cross join (values (true), (false)) as v (of_zone)
  join (select distinct on (f.zone) f.* from occurrence as f order by f.zone, f.due_at) as o on o.zone = case when v.of_zone then p.zone else '' end
),
coming as (
  select n.id, n.due_at, n.begun_run_id
  from next as n
  where not n.reached
  union all
  select n.id, o.due_at, o.begun_run_id
  from next as n
  join occurrence as o on o.zone = n.zone and o.due_at >= n.due_at and o.begun_run_id is distinct from n.begun_run_id
  where n.reached and (o.begun_run_id is null or not exists (
    select from deliveries as d
    where d.month = o.month and d.run_id = o.begun_run_id and d.user_id = n.id and d.user_id >= :fromId::bigint and d.user_id < :toId::bigint))
)
select c.id, :campaignId::bigint, (array_agg(c.begun_run_id order by c.due_at))[1], :priority::smallint, :channel::channel, :topicId::integer, min(c.due_at)
from coming as c
group by c.id
