-- All messages of a channel to a few users who were not asked for before, user by user. Twin: gather-bucket-heard.sql.
-- reads: deliveries, message_facts, conversions, pass_asked   writes: pass_heard (temporary)
insert into pass_heard (user_id, channel, messages, opens, conversions, unopened)
select p.user_id, :channel::channel, h.messages, h.opens, h.conversions, case
    when h.last_opened is null then coalesce(cardinality(h.old), 0)
    else (select count(*) from unnest(h.old) as o (at) where o.at > h.last_opened) end
from pass_asked as p
cross join lateral (
  select count(*) filter (where d.sent and d.settled_at <= :now::timestamptz) as messages,
    count(*) filter (where d.sent and d.settled_at <= :now::timestamptz
      and (f.opened_at <= :now::timestamptz or (:channel::channel = 'email' and f.clicked_at <= :now::timestamptz))) as opens,
    count(*) filter (where d.sent and d.settled_at <= :now::timestamptz and x.delivery_id is not null) as conversions,
    max(d.settled_at) filter (where case when :channel::channel = 'email' then f.clicked_at else f.opened_at end is not null) as last_opened,
    array_agg(d.settled_at) filter (where d.sent and d.settled_at <= (select :now::timestamptz - interval '24 hours')) as old
  from (
    select e.month, e.id, e.settled_at, e.state = 'sent' and e.counted_at is not null as sent
    from deliveries as e
    where e.user_id = p.user_id and e.channel = :channel::channel and e.settled_at is not null) as d
  left join message_facts as f on f.user_id = p.user_id and f.month = d.month and f.delivery_id = d.id
  left join (
    select distinct c.delivery_id
    from conversions as c
    where c.user_id = p.user_id and c.occurred_at <= :now::timestamptz) as x on x.delivery_id = d.id) as h
where not exists (select from pass_heard as k where k.user_id = p.user_id and k.channel = :channel::channel);
