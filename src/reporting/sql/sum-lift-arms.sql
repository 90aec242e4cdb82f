-- Both arms of a campaign, in people: how many had at least one conversion event within the window after their decision, whoever is
-- credited with it, and what they spent then in the settings' currency. Treated is who passed every gate and was not held out; a
-- row that was stopped only afterwards (its chunk says that it had passed) stays treated, as nobody stops the held-out.
-- reads: deliveries, runs, events
with person as (
  select d.user_id, d.decided_at, d.state = 'held_out' as control
  from deliveries as d
  where d.campaign_id = :campaignId::bigint
    and d.run_id = any (array(select r.id from runs as r where r.campaign_id = :campaignId::bigint and r.kind = 'regular'
      and (:runId::bigint is null or r.id = :runId::bigint)))
    and (d.state in ('held_out', 'queued', 'sent', 'failed', 'unknown') or (d.state = 'suppressed' and d.chunk_id is not null))),
hit as (
  -- Windows of two runs may overlap: an event counts once for its person.
  select distinct p.control, e.user_id, e.event_id,
    case when coalesce(e.currency, :currency::text) = :currency::text then coalesce(e.value, 0) else 0 end as value
  from person as p
  join events as e on e.user_id = p.user_id and e.name = :event::text
    and e.occurred_at >= p.decided_at and e.occurred_at < p.decided_at + :window::interval
    and e.month between date_trunc('month', p.decided_at)::date and (p.decided_at + :window::interval)::date),
spent as (
  select h.control, h.user_id, sum(h.value) as value from hit as h group by h.control, h.user_id)
select a.control, a.users, count(s.user_id) as converted, coalesce(sum(s.value), 0)::float8 as total,
  coalesce(sum(s.value * s.value), 0)::float8 as squares
from (
  select u.control, count(*) as users
  from (select p.control, p.user_id from person as p group by p.control, p.user_id) as u
  group by u.control) as a
left join spent as s on s.control = a.control
group by a.control, a.users;
