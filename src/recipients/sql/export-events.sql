-- A page of a user's raw events, in the order of months and event ids (the primary key, so that no page is searched twice).
-- reads: events
select e.month::text as month, e.event_id as "eventId", e.name, e.occurred_at as "occurredAt", e.value, e.currency, e.properties,
  e.received_at as "receivedAt", e.imported
from events as e
where e.user_id = :id::bigint
  and (:afterMonth::date is null or (e.month, e.event_id) > (:afterMonth::date, :afterEventId::text))
order by e.month, e.event_id
limit :limit::int;
