-- Users with everything that is shown of them. Scores and segments are other modules' tables, read here because one answer
-- should be one snapshot.
-- reads: users, devices, subscriptions, user_scores, segment_members, segments
select u.id, u.user_id as "userId", u.email, u.timezone, u.locale, u.device_timezone as "deviceTimezone",
  u.device_locale as "deviceLocale", u.created_at as "createdAt", u.last_seen_at as "lastSeenAt", u.updated_at as "updatedAt",
  u.attributes,
  (select coalesce(jsonb_agg(jsonb_build_object(
      'token', d.token, 'platform', d.platform, 'appVersion', d.app_version, 'permission', d.permission, 'timezone', d.timezone,
      'locale', d.locale, 'lastSeenAt', d.last_seen_at) order by d.last_seen_at desc, d.token_hash), '[]')
    from devices as d where d.user_id = u.id) as devices,
  (select coalesce(jsonb_agg(jsonb_build_object(
      'channel', s.channel, 'topic', s.topic, 'state', s.state, 'occurredAt', s.occurred_at, 'source', s.source)
      order by s.channel, s.topic), '[]')
    from subscriptions as s where s.user_id = u.id) as subscriptions,
  (select jsonb_build_object(
      'rfm', jsonb_build_object('recency', c.recency, 'frequency', c.frequency, 'monetary', c.monetary, 'group', c.rfm_group),
      'value', case when c.probability_alive is not null then jsonb_build_object(
        'probabilityAlive', c.probability_alive, 'expectedPurchases90d', c.expected_purchases_90d,
        'expectedValue90d', c.expected_value_90d) end,
      'asOf', c.as_of)
    from user_scores as c where c.user_id = u.id) as scores,
  (select coalesce(jsonb_agg(jsonb_build_object('key', g.key, 'name', g.name, 'enteredAt', m.entered_at) order by g.key), '[]')
    from segment_members as m join segments as g on g.id = m.segment_id where m.user_id = u.id) as segments
from users as u
where u.id = any(:ids::bigint[])
order by u.id;
