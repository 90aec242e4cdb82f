-- All messages of a channel to everybody of the bucket: how many were sent, answered and converted, and how many in a row, older than
-- 24 h, have not been opened (clicked, in mail) since the last that was. Twin: gather-pool-heard.sql.
-- reads: deliveries, message_facts, conversions   writes: pass_heard (temporary)
insert into pass_heard (user_id, channel, messages, opens, conversions, unopened)
select m.user_id, :channel::channel, count(*) filter (where m.sent and m.settled_at <= :now::timestamptz),
  count(*) filter (where m.sent and m.settled_at <= :now::timestamptz and m.answered),
  count(*) filter (where m.sent and m.settled_at <= :now::timestamptz and m.converted),
  count(*) filter (where m.sent and m.settled_at <= :now::timestamptz - interval '24 hours' and m.settled_at > coalesce(m.last_opened, '-infinity'))
from (
  select d.user_id, d.settled_at, d.state = 'sent' and d.counted_at is not null as sent,
    f.opened_at <= :now::timestamptz or (:channel::channel = 'email' and f.clicked_at <= :now::timestamptz) as answered,
    c.delivery_id is not null as converted,
    max(case when case when :channel::channel = 'email' then f.clicked_at else f.opened_at end is not null then d.settled_at end)
      over (partition by d.user_id) as last_opened
  from deliveries as d
  left join message_facts as f on f.user_id >= :fromId::bigint and f.user_id < :toId::bigint
    and f.month = d.month and f.user_id = d.user_id and f.delivery_id = d.id
  left join (
    select distinct x.user_id, x.delivery_id
    from conversions as x
    where x.user_id >= :fromId::bigint and x.user_id < :toId::bigint and x.occurred_at <= :now::timestamptz) as c
    on c.user_id = d.user_id and c.delivery_id = d.id
  where d.user_id >= :fromId::bigint and d.user_id < :toId::bigint and d.channel = :channel::channel and d.settled_at is not null) as m
where not exists (select from pass_heard as k where k.user_id = m.user_id and k.channel = :channel::channel)
group by m.user_id;
