-- All messages of a channel to the users of a small pool who were not asked for before. Twin: gather-bucket-heard.sql.
-- reads: deliveries, message_facts, conversions, pass_pool   writes: pass_heard (temporary)
insert into pass_heard (user_id, channel, messages, opens, conversions, unopened)
select p.user_id, :channel::channel, h.messages, h.opens, h.conversions, h.unopened
from pass_pool as p
cross join lateral (
  select count(*) filter (where d.settled_at <= :now::timestamptz) as messages,
    count(*) filter (where d.settled_at <= :now::timestamptz
      and (f.opened_at <= :now::timestamptz or (:channel::channel = 'email' and f.clicked_at <= :now::timestamptz))) as opens,
    count(*) filter (where d.settled_at <= :now::timestamptz and exists (
      select from conversions as x
      where x.user_id = d.user_id and x.delivery_id = d.id and x.occurred_at <= :now::timestamptz)) as conversions,
    count(*) filter (where d.settled_at <= :now::timestamptz - interval '24 hours' and d.settled_at > coalesce(o.at, '-infinity')) as unopened
  from (
    select max(e.settled_at) as at
    from message_facts as f
    join deliveries as e on e.month = f.month and e.user_id = f.user_id and e.id = f.delivery_id
    where f.user_id = p.user_id and f.channel = :channel::channel
      and case when :channel::channel = 'email' then f.clicked_at else f.opened_at end is not null) as o
  left join deliveries as d on d.user_id = p.user_id and d.channel = :channel::channel and d.state = 'sent' and d.counted_at is not null
  left join message_facts as f on f.month = d.month and f.user_id = d.user_id and f.delivery_id = d.id) as h
where not exists (select from pass_heard as k where k.user_id = p.user_id and k.channel = :channel::channel);
