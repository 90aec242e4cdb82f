-- The gates that ask nothing of past messages, for every user of the pool; `bar` is the first that fails. Only whom none stops is asked
-- for messages, caps and worth (`asked`): of the others these would change nothing that is kept. A deferred row needs the instant at
-- which every gate would pass, so where the campaign defers, quiet hours bar nobody from being asked; explain asks them all of its user.
-- Quiet intervals arrive computed for each zone. What depends on the instant alone is computed once.
-- reads: pass_pool, devices, subscriptions, suppressions
quiet as materialized (
  select q.zone, q.starts, q.ends
  from jsonb_to_recordset(:quiet::jsonb) as q (zone text, starts timestamptz, ends timestamptz)
),
-- 0: permission denied, 1: stale, 2: live; the best of a user's devices.
reach as (
  select d.user_id, max(case when d.permission is not distinct from 'denied' then 0
    when d.last_seen_at > (select :now::timestamptz - :staleAfter::interval) then 2 else 1 end) as grade
  from devices as d
  where :channel::channel = 'push' and d.user_id >= :fromId::bigint and d.user_id < :toId::bigint
  group by d.user_id
),
consent as (
  select s.user_id, bool_or(s.state = 'unsubscribed') as refused, bool_or(s.state = 'subscribed') as given
  from subscriptions as s
  where s.user_id >= :fromId::bigint and s.user_id < :toId::bigint
    and s.channel = :channel::channel and s.topic in ('', coalesce(:topicKey::text, ''))
  group by s.user_id
),
first_gates as (
  select p.user_id, p.client_id, p.in_audience, p.zone, p.entry, p.due_at, p.expires_at,
    -- Each hash costs some 2 µs a user: asked only where a share is held out or there is more than one variant.
    not :transactional::boolean and :globalBuckets::integer > 0
      and bucket_of(:globalSalt::text, p.client_id) < :globalBuckets::integer as global_holdout,
    :channel::channel = 'email' and exists (select from suppressions as s where s.address_hash = p.email_hash) as suppressed_address,
    not :transactional::boolean and (coalesce(c.refused, false) or (:optIn::boolean and not coalesce(c.given, false))) as unsubscribed,
    :channel::channel = 'push' and r.grade is null as no_device,
    :channel::channel = 'push' and coalesce(r.grade = 0, false) as permission_denied,
    :channel::channel = 'push' and not :transactional::boolean and coalesce(r.grade < 2, false) as stale_device,
    :channel::channel = 'email' and not p.has_email as no_email,
    p.duplicate_address,
    :localTimePassed::boolean as local_time_passed,
    :now::timestamptz > p.expires_at as expired,
    q.ends as quiet_until
  from pass_pool as p
  left join consent as c on c.user_id = p.user_id
  left join reach as r on r.user_id = p.user_id
  left join quiet as q on not :transactional::boolean and q.zone = p.zone
    and q.starts <= :now::timestamptz and q.ends > :now::timestamptz
),
met as __MATERIALIZED__ (
  select f.user_id, f.client_id, f.zone, f.entry, f.due_at, f.expires_at, f.quiet_until, __FLAGS__
    case
      when not f.in_audience then 'left_segment'::delivery_reason
      when f.global_holdout then 'global_holdout'
      when f.suppressed_address then 'suppressed_address'
      when f.unsubscribed then 'unsubscribed'
      when f.no_device then 'no_device'
      when f.permission_denied then 'permission_denied'
      when f.stale_device then 'stale_device'
      when f.no_email then 'no_email'
      when f.duplicate_address then 'duplicate_address'
      when f.local_time_passed then 'local_time_passed'
      when f.expired then 'expired'
      when f.quiet_until is not null then 'quiet_hours'
    end as bar
  from first_gates as f
),
asked as __MATERIALIZED__ (
  select m.user_id, m.zone
  from met as m
  where m.bar is null or :everyone::boolean or (m.bar = 'quiet_hours' and :defer::boolean)
)
