-- Both arms of every campaign with a holdout and a conversion, decided since an instant: people, how many conversion events they had within
-- the windows after their decisions (an event counts once, however many windows of a recurring campaign hold it) with the sum of the
-- squares, and the messages that the treated got. Counts rather than whether there was one: over sixty runs everybody had.
-- reads: campaigns, runs, deliveries, events
with decided as materialized (
  select c.id as campaign_id, c.channel, d.user_id, d.decided_at, d.state = 'held_out' as control, d.state in ('sent', 'unknown') as got,
    c.definition -> 'conversion' ->> 'event' as event, (c.definition -> 'conversion' ->> 'window')::interval as within
  from campaigns as c
  join runs as r on r.campaign_id = c.id and r.kind = 'regular'
  join deliveries as d on d.month = r.month and d.run_id = r.id
  where (c.definition ->> 'holdout')::numeric > 0 and c.definition -> 'conversion' is not null and d.decided_at >= :since::timestamptz
    and (d.state in ('held_out', 'queued', 'sent', 'failed', 'unknown') or (d.state = 'suppressed' and d.chunk_id is not null))
    -- Whose window is still open has not said yet, in either arm.
    and d.decided_at + (c.definition -> 'conversion' ->> 'window')::interval <= :asOf::timestamptz),
hit as (
  select distinct p.campaign_id, p.user_id, e.event_id
  from decided as p
  join events as e on e.user_id = p.user_id and e.name = p.event and e.occurred_at >= p.decided_at and e.occurred_at < p.decided_at + p.within
    and e.month between date_trunc('month', p.decided_at)::date and (p.decided_at + p.within)::date),
counted as (
  select h.campaign_id, h.user_id, count(*) as conversions from hit as h group by h.campaign_id, h.user_id),
person as (
  select p.campaign_id, p.channel, p.user_id, bool_and(p.control) as control, count(*) filter (where p.got) as messages
  from decided as p group by p.campaign_id, p.channel, p.user_id)
select p.campaign_id::text as "campaignId", p.channel, sum(p.messages)::integer as messages,
  (count(*) filter (where not p.control))::integer as treated,
  coalesce(sum(k.conversions) filter (where not p.control), 0)::float8 as "treatedConversions",
  coalesce(sum(k.conversions * k.conversions) filter (where not p.control), 0)::float8 as "treatedSquares",
  (count(*) filter (where p.control))::integer as control,
  coalesce(sum(k.conversions) filter (where p.control), 0)::float8 as "controlConversions",
  coalesce(sum(k.conversions * k.conversions) filter (where p.control), 0)::float8 as "controlSquares"
from person as p
left join counted as k on k.campaign_id = p.campaign_id and k.user_id = p.user_id
group by p.campaign_id, p.channel
having sum(p.messages) > 0
