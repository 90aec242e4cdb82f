-- Fills the pool: who a wave is about (__POOL__, one of pool-*.part.sql), with the gates that ask nothing of past messages; `bar` is the
-- first that fails. Quiet intervals arrive computed for each zone; what depends on the instant alone is computed once.
-- FULL: such a join can only be by hash or merge, whatever the planner thinks of the size of an audience. By a nested loop over one
-- expected row it would go through everybody's devices for each user.
-- reads: devices, subscriptions, suppressions   writes: pass_pool (temporary)
insert into pass_pool (user_id, client_id, in_audience, zone, entry, due_at, expires_at, quiet_until, bar__FLAG_NAMES__)
with quiet as (
  select q.zone, q.ends
  from jsonb_to_recordset(:quiet::jsonb) as q (zone text, starts timestamptz, ends timestamptz)
  where not :transactional::boolean and q.starts <= :now::timestamptz and q.ends > :now::timestamptz
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
  from (__POOL__) as p (
    user_id, client_id, email_hash, has_email, zone, in_audience, duplicate_address, entry, due_at, expires_at)
  full join consent as c on c.user_id = p.user_id
  full join reach as r on r.user_id = p.user_id
  full join quiet as q on q.zone = p.zone
  -- A fence, without which the FULL joins would be turned into others.
  offset 0
)
select f.user_id, f.client_id, f.in_audience, f.zone, f.entry, f.due_at, f.expires_at, f.quiet_until,
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
  end__FLAGS__
from first_gates as f
where f.user_id is not null
