-- The claim, whole, in one statement. It asks whether this lease may claim: its fence still holds, the campaign is neither paused
-- nor cancelled, nobody has stopped the engine. It locks the chunk against a new lease and shares the campaign's row with other
-- claims, so that a pause or cancel that is acknowledged precedes every later claim. The next queued deliveries of the chunk come
-- under a slice; rows under an open slice of a dead worker are left to the reaper. Given back is all that sending needs and all that
-- the worker looks at again: erasure, consent, suppression, devices. From the commit on the rows are `sending`: it precedes the
-- first request. One statement has one snapshot, taken before the locks were: who has changed the chunk meanwhile has raised its
-- fence, which is read anew under the lock, so a slice that the snapshot does not know cannot be another holder's.
-- reads: chunks, campaigns, engine_state, runs, deliveries, users, devices, subscriptions, suppressions, topics, user_scores,
-- reads: trigger_entries, fatigue_policies   writes: slices
with held as materialized (
  select c.status in ('scheduled', 'running') or r.kind = 'test' as sends, e.stopped_at is not null as stopped
  from chunks as k
  join campaigns as c on c.id = k.campaign_id
  join runs as r on r.id = k.run_id
  cross join engine_state as e
  where k.id = :chunkId::bigint and k.fence = :fence::integer and k.closed_at is null and k.lease_until > clock_timestamp()
  for update of k
  for share of c),
members as materialized (
  select d.id, d.user_id, d.topic_id, d.entry, d.variant, d.expires_at, d.attempts, d.reason, d.channel
  from held as h, deliveries as d
  where h.sends and not h.stopped
    and d.month = :month::date and d.chunk_id = :chunkId::bigint and d.state = 'queued'
    and not exists (
      select from slices as o
      where o.chunk_id = d.chunk_id and o.closed_at is null and d.id between o.first_id and o.last_id)
  order by d.id
  limit :size::integer),
opened as (
  insert into slices as s (chunk_id, month, campaign_id, fence, first_id, last_id, size, lease_until)
  select :chunkId::bigint, :month::date, :campaignId::bigint, :fence::integer, min(m.id), max(m.id), count(*),
    clock_timestamp() + :leaseMs::integer * interval '1 millisecond'
  from members as m
  having count(*) > 0
  returning s.id, s.first_id, coalesce(:now::timestamptz, clock_timestamp()) as now,
    coalesce((select max(p.version) from fatigue_policies as p), 0) as policy)
-- What is the slice's own stands in the first row alone, and instants are milliseconds: each value costs the worker a text, and a
-- timestamp a kilobyte of garbage. Devices are json and not jsonb: sorting keys for nobody took a fourth of the statement's time.
select w.id as "sliceId", w.now, w.policy as "policyVersion", d.id, d.user_id as "internalId", u.user_id as "userId", d.variant,
  date_part('epoch', d.expires_at) * 1000 as "expiresAt", d.attempts, d.reason,
  u.email, u.timezone, u.device_timezone as "deviceTimezone", u.locale, u.device_locale as "deviceLocale",
  date_part('epoch', u.created_at) * 1000 as "createdAt", u.attributes,
  s.address_hash is not null as suppressed,
  coalesce(c.refused, false) as refused, coalesce(c.given, false) as given,
  coalesce(v.devices, '[]'::json) as devices,
  case when sc.user_id is not null then json_build_object('recency', sc.recency, 'frequency', sc.frequency,
    'monetary', sc.monetary, 'rfmGroup', sc.rfm_group, 'probabilityAlive', sc.probability_alive,
    'expectedPurchases90d', sc.expected_purchases_90d, 'expectedValue90d', sc.expected_value_90d) end as scores,
  e.event
from opened as o
cross join members as d
left join opened as w on w.first_id = d.id
left join users as u on u.id = d.user_id
left join suppressions as s on s.address_hash = u.email_hash
left join topics as t on t.id = d.topic_id
left join user_scores as sc on sc.user_id = d.user_id
left join trigger_entries as e on e.user_id = d.user_id and e.id = d.entry
left join lateral (
  select bool_or(b.state = 'unsubscribed') as refused, bool_or(b.state = 'subscribed') as given
  from subscriptions as b
  where b.user_id = d.user_id and b.channel = d.channel and b.topic in ('', coalesce(t.key, ''))) as c on true
left join lateral (
  select json_agg(json_build_object('token', x.token, 'platform', x.platform, 'permission', x.permission,
    'lastSeenAt', x.last_seen_at) order by x.last_seen_at desc) as devices
  from devices as x
  where x.user_id = d.user_id and d.channel = 'push') as v on true
order by d.id;
