-- Credits the opt-outs of these users that name no message: each to the last marketing message on its channel within the 7 days before,
-- if there is one. Only an opt-out that finds the person still there counts: the wish before it on that channel and topic, in the order
-- in which they happened, must not be one already. Everything is taken from the log and the ledger anew, and a credit that no longer
-- follows from them is withdrawn: whatever is told late, the end is the same as if it had been told in time.
-- reads: deliveries, subscription_log · writes: message_events, message_facts
with said as (
  -- Of two wishes at one instant the opt-out wins, whichever came first.
  select l.user_id, l.channel, l.topic, l.occurred_at, bool_or(l.state = 'unsubscribed') as left_then,
    bool_or(l.state = 'unsubscribed' and l.message_id is null) as unlinked
  from subscription_log as l
  where l.user_id = any (:userIds::bigint[])
  group by l.user_id, l.channel, l.topic, l.occurred_at),
leaving as (
  select s.user_id, s.channel, s.occurred_at, s.unlinked,
    lag(s.left_then, 1, false) over (partition by s.user_id, s.channel, s.topic order by s.occurred_at) as was_out
  from said as s),
wanted as materialized (
  select m.month, m.user_id, m.id, min(l.occurred_at) as occurred_at
  from leaving as l
  cross join lateral (
    select d.month, d.user_id, d.id
    from deliveries as d
    where d.user_id = l.user_id and d.channel = l.channel and d.state = 'sent' and d.counted_at is not null
      and d.settled_at <= l.occurred_at and d.settled_at > l.occurred_at - interval '7 days'
    order by d.settled_at desc, d.id desc
    limit 1) as m
  where l.unlinked and not l.was_out
  group by m.month, m.user_id, m.id),
standing as materialized (
  select e.month, e.user_id, e.delivery_id as id, e.occurred_at
  from message_facts as f
  join message_events as e on e.month = f.month and e.user_id = f.user_id and e.delivery_id = f.delivery_id
    and e.type = 'unsubscribed' and e.source = 'last-message' and not e.machine
  where f.user_id = any (:userIds::bigint[])),
changed as materialized (
  select month, user_id, id, w.occurred_at
  from wanted as w full join standing as s using (month, user_id, id)
  where w.occurred_at is distinct from s.occurred_at),
withdrawn as (
  delete from message_events as e using changed as c
  where c.occurred_at is null and e.month = c.month and e.user_id = c.user_id and e.delivery_id = c.id
    and e.type = 'unsubscribed' and e.source = 'last-message' and not e.machine),
credited as (
  insert into message_events as e (month, user_id, delivery_id, type, machine, source, occurred_at, received_at)
  select c.month, c.user_id, c.id, 'unsubscribed', false, 'last-message', c.occurred_at, coalesce(:now::timestamptz, clock_timestamp())
  from changed as c
  where c.occurred_at is not null
  order by c.month, c.user_id, c.id
  on conflict (month, user_id, delivery_id, type, machine, source) do update set occurred_at = excluded.occurred_at)
insert into message_facts as f (month, user_id, delivery_id, campaign_id, run_id, channel, unsubscribed_at, updated_at)
select c.month, c.user_id, c.id, d.campaign_id, d.run_id, d.channel,
  least(c.occurred_at, (
    select min(e.occurred_at) from message_events as e
    where e.month = c.month and e.user_id = c.user_id and e.delivery_id = c.id and e.type = 'unsubscribed' and not e.machine
      and e.source <> 'last-message')),
  coalesce(:now::timestamptz, clock_timestamp())
from changed as c
join deliveries as d on d.month = c.month and d.user_id = c.user_id and d.id = c.id
order by c.month, c.user_id, c.id
on conflict (month, user_id, delivery_id) do update set unsubscribed_at = excluded.unsubscribed_at, updated_at = excluded.updated_at;
