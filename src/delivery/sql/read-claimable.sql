-- The next queued deliveries of a chunk, with all that sending needs and all that the claim looks at again: consent,
-- suppression, devices. Rows under an open slice of a dead worker are left to the reaper.
-- reads: deliveries, slices, users, devices, subscriptions, suppressions, topics, user_scores, trigger_entries
select d.id, d.user_id as "internalId", u.user_id as "userId", d.variant,
  d.expires_at as "expiresAt", d.attempts, d.reason,
  u.email, u.timezone, u.device_timezone as "deviceTimezone", u.locale, u.device_locale as "deviceLocale",
  u.created_at as "createdAt", u.attributes,
  s.address_hash is not null as suppressed,
  coalesce(c.refused, false) as refused, coalesce(c.given, false) as given,
  coalesce(v.devices, '[]'::jsonb) as devices,
  case when sc.user_id is not null then jsonb_build_object('recency', sc.recency, 'frequency', sc.frequency,
    'monetary', sc.monetary, 'rfmGroup', sc.rfm_group, 'probabilityAlive', sc.probability_alive,
    'expectedPurchases90d', sc.expected_purchases_90d, 'expectedValue90d', sc.expected_value_90d) end as scores,
  e.event
from deliveries as d
left join users as u on u.id = d.user_id
left join suppressions as s on s.address_hash = u.email_hash
left join topics as t on t.id = d.topic_id
left join user_scores as sc on sc.user_id = d.user_id
left join trigger_entries as e on d.entry > 0 and e.user_id = d.user_id and e.id = d.entry
left join lateral (
  select bool_or(b.state = 'unsubscribed') as refused, bool_or(b.state = 'subscribed') as given
  from subscriptions as b
  where b.user_id = d.user_id and b.channel = d.channel and b.topic in ('', coalesce(t.key, ''))) as c on true
left join lateral (
  select jsonb_agg(jsonb_build_object('token', x.token, 'platform', x.platform, 'permission', x.permission,
    'lastSeenAt', x.last_seen_at) order by x.last_seen_at desc) as devices
  from devices as x
  where x.user_id = d.user_id and d.channel = 'push') as v on true
where d.month = :month::date and d.chunk_id = :chunkId::bigint and d.state = 'queued'
  and not exists (
    select from slices as o
    where o.chunk_id = d.chunk_id and o.closed_at is null and d.id between o.first_id and o.last_id)
order by d.id
limit :size::integer;
