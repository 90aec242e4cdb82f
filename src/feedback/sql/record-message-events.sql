-- Stores what was reported of messages that left or are leaving. A wrong clock is moved into [sent, received]. Machines stay in
-- message_events; of people the first instant of each fact is kept, so that order and repetition make no difference. An open or a
-- click proves the delivery. Answers the messages whose facts changed.
-- reads: deliveries · writes: message_events, message_facts
with given as materialized (
  select d.month, d.user_id, d.id, d.campaign_id, d.run_id, d.channel, g.type, g.machine, g.source, g.received_at, g.action,
    least(greatest(g.occurred_at, coalesce(d.settled_at, d.decided_at)), g.received_at) as occurred_at
  from unnest(:months::date[], :userIds::bigint[], :ids::bigint[], :types::text[], :machines::boolean[], :sources::text[],
      :occurredAts::timestamptz[], :receivedAts::timestamptz[], :actions::text[])
    as g (month, user_id, id, type, machine, source, occurred_at, received_at, action)
  join deliveries as d using (month, user_id, id)
  where d.state in ('queued', 'sent', 'unknown')),
stored as (
  insert into message_events as e (month, user_id, delivery_id, type, machine, source, occurred_at, received_at, action, hits)
  select g.month, g.user_id, g.id, g.type, g.machine, g.source, min(g.occurred_at), min(g.received_at), min(g.action), count(*)::integer
  from given as g
  group by g.month, g.user_id, g.id, g.type, g.machine, g.source
  order by g.month, g.user_id, g.id, g.type, g.machine, g.source
  on conflict (month, user_id, delivery_id, type, machine, source) do update
    -- The log of opt-outs is read again after a restart; that is no new opt-out.
    set occurred_at = least(e.occurred_at, excluded.occurred_at),
        hits = e.hits + case when e.source = 'opt-out' then 0 else excluded.hits end,
        action = coalesce(e.action, excluded.action))
insert into message_facts as f
  (month, user_id, delivery_id, campaign_id, run_id, channel, delivered_at, opened_at, clicked_at, unsubscribed_at, bounced_at,
   complained_at, updated_at)
select g.month, g.user_id, g.id, g.campaign_id, g.run_id, g.channel,
  min(g.occurred_at) filter (where g.type in ('delivered', 'opened', 'clicked')),
  min(g.occurred_at) filter (where g.type = 'opened'),
  min(g.occurred_at) filter (where g.type = 'clicked'),
  min(g.occurred_at) filter (where g.type = 'unsubscribed'),
  min(g.occurred_at) filter (where g.type = 'bounced'),
  min(g.occurred_at) filter (where g.type = 'complained'),
  coalesce(:now::timestamptz, clock_timestamp())
from given as g
where not g.machine and g.type <> 'dismissed' and not (g.type = 'bounced' and g.source = 'mail-server-soft')
group by g.month, g.user_id, g.id, g.campaign_id, g.run_id, g.channel
order by g.month, g.user_id, g.id
on conflict (month, user_id, delivery_id) do update
  set delivered_at = least(f.delivered_at, excluded.delivered_at), opened_at = least(f.opened_at, excluded.opened_at),
      clicked_at = least(f.clicked_at, excluded.clicked_at), unsubscribed_at = least(f.unsubscribed_at, excluded.unsubscribed_at),
      bounced_at = least(f.bounced_at, excluded.bounced_at), complained_at = least(f.complained_at, excluded.complained_at),
      updated_at = excluded.updated_at
  where (least(f.delivered_at, excluded.delivered_at), least(f.opened_at, excluded.opened_at), least(f.clicked_at, excluded.clicked_at),
         least(f.unsubscribed_at, excluded.unsubscribed_at), least(f.bounced_at, excluded.bounced_at),
         least(f.complained_at, excluded.complained_at))
    is distinct from (f.delivered_at, f.opened_at, f.clicked_at, f.unsubscribed_at, f.bounced_at, f.complained_at)
returning f.month::text as month, f.user_id::text as "userId", f.delivery_id::text as id;
