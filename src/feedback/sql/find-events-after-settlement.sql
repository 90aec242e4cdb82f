-- Conversion events of people whose message was settled since: the event may have been told before the settlement was written
-- (seconds), or with a time ahead of ours (up to a day). Crediting again what was credited already changes nothing.
-- reads: slices, campaigns, deliveries, events
select distinct e.user_id::text as "userId", e.event_id as "eventId", e.name, e.occurred_at as "occurredAt", e.value::text as value,
  e.currency
from slices as s
join campaigns as c on c.id = s.campaign_id and c.definition->'conversion'->>'event' is not null
join deliveries as d on d.month = s.month and d.chunk_id = s.chunk_id and d.id between s.first_id and s.last_id
  and d.state in ('sent', 'unknown')
join events as e on e.user_id = d.user_id and e.name = c.definition->'conversion'->>'event'
  and e.occurred_at >= d.decided_at and e.occurred_at < d.settled_at + (c.definition->'conversion'->>'window')::interval
  and e.month between date_trunc('month', d.decided_at)::date and (d.settled_at + (c.definition->'conversion'->>'window')::interval)::date
where s.closed_at > :since::timestamptz;
