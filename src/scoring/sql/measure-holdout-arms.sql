-- Both arms of every campaign with a holdout and a conversion, decided since an instant: people, how many of them had a conversion
-- event within the window after their decision, and the messages that the treated got. As results measure lift.
-- reads: campaigns, runs, deliveries, events
with person as materialized (
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
  select distinct p.campaign_id, p.control, p.user_id
  from person as p
  join events as e on e.user_id = p.user_id and e.name = p.event and e.occurred_at >= p.decided_at and e.occurred_at < p.decided_at + p.within
    and e.month between date_trunc('month', p.decided_at)::date and (p.decided_at + p.within)::date)
select p.campaign_id::text as "campaignId", p.channel, (count(*) filter (where p.got))::integer as messages,
  (count(distinct p.user_id) filter (where not p.control))::integer as treated,
  (select count(*)::integer from hit as h where h.campaign_id = p.campaign_id and not h.control) as "treatedConverted",
  (count(distinct p.user_id) filter (where p.control))::integer as control,
  (select count(*)::integer from hit as h where h.campaign_id = p.campaign_id and h.control) as "controlConverted"
from person as p
group by p.campaign_id, p.channel
having count(*) filter (where p.got) > 0
