-- Who a wave is about (__POOL__, one of pool-*.part.sql), met by the gates that ask nothing of past messages; `bar` is the first that
-- fails. Quiet intervals arrive computed for each zone; what depends on the instant alone is computed once.
-- FULL: such a join can only be by hash or merge, whatever the planner thinks of the size of an audience. By a nested loop over one
-- expected row it would go through everybody's devices for each user.
-- reads: devices, subscriptions, suppressions
with quiet as (
  select q.zone, q.ends
  from jsonb_to_recordset(:quiet::jsonb) as q (zone text, starts timestamptz, ends timestamptz)
  where not :transactional::boolean and q.starts <= :now::timestamptz and q.ends > :now::timestamptz
),
-- All that is known of the bucket's users beside `users` itself, in one aggregate and one join: each of its own costs some 10 ms a wave, each
-- column of it 1 ms. So it is one column: 1, 2 and 4 are devices with permission denied, stale, live; 8 and 16 are consent withdrawn, given; 32
-- is a message.
facts as (
  select x.user_id, bit_or(x.fact) as fact, count(*) filter (where x.fact = 32) as messages
  from (
    select d.user_id, case when d.permission is not distinct from 'denied' then 1
        when d.last_seen_at > (select :now::timestamptz - :staleAfter::interval) then 4 else 2 end as fact
    from devices as d
    where :channel::channel = 'push' and d.user_id >= :fromId::bigint and d.user_id < :toId::bigint
    union all
    select s.user_id, case s.state when 'unsubscribed' then 8 when 'subscribed' then 16 end
    from subscriptions as s
    where s.user_id >= :fromId::bigint and s.user_id < :toId::bigint
      and s.channel = :channel::channel and s.topic in ('', coalesce(:topicKey::text, ''))
    __MESSAGES__) as x
  group by x.user_id
),
faced as (
  select p.*, coalesce(k.fact, 0) as fact, k.messages, __QUIET_UNTIL__ as quiet_until
  from (__POOL__) as p (
    user_id, client_id, email_hash, has_email, zone, in_audience, duplicate_address, entry, due_at, expires_at)
  __IN_QUIET_ZONES__
  full join facts as k on k.user_id = p.user_id
  -- A fence, without which the FULL joins would be turned into others.
  offset 0
),
-- Outside the fence, so that a gate is computed only of those whom none before it has stopped, unless each is to be shown by itself.
first_gates as (
  select p.*,
    -- Each hash costs some 0.8 µs a user: asked only where a share is held out or there is more than one variant.
    not :transactional::boolean and :globalBuckets::integer > 0
      and bucket_of(:globalSalt::text, p.client_id) < :globalBuckets::integer as global_holdout,
    :channel::channel = 'email' and exists (select from suppressions as s where s.address_hash = p.email_hash) as suppressed_address,
    not :transactional::boolean and (p.fact & 8 > 0 or (:optIn::boolean and p.fact & 16 = 0)) as unsubscribed,
    :channel::channel = 'push' and p.fact & 7 = 0 as no_device,
    :channel::channel = 'push' and p.fact & 7 = 1 as permission_denied,
    :channel::channel = 'push' and not :transactional::boolean and p.fact & 7 between 1 and 3 as stale_device,
    :channel::channel = 'email' and not p.has_email as no_email,
    :localTimePassed::boolean as local_time_passed,
    :now::timestamptz > p.expires_at as expired
  from faced as p
  where p.user_id is not null
),
met as (
  select f.user_id, f.client_id, f.zone, f.quiet_until, f.messages,__OWN__
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
)
