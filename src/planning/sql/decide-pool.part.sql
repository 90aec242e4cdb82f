-- The decision: every user of the pool (pass_pool, filled by one of the pool-*.part.sql) meets the gates in order; the first that
-- fails is the reason. The pure oracle is fatigue/ranking.ts (decideUser). Quiet intervals and calendar windows arrive computed
-- for each zone: they depend on the zone and the instant alone, so the function that explains them is the one that runs.
-- Facts are gathered by ranges of the bucket's ids rather than user by user: the tables are indexed by user, so each is one
-- range scan. Only the history is a lateral: its index is (user, counted_at), and most of it is older than any window.
-- reads: users, devices, subscriptions, suppressions, deliveries, message_facts, segment_members, pass_pool, pass_taken, pass_reserved,
-- priced (of price-pool)
, quiet as materialized (
  select q.zone, q.starts, q.ends
  from jsonb_to_recordset(:quiet::jsonb) as q (zone text, starts timestamptz, ends timestamptz)
),
caps as materialized (
  select c.ord, c.key, c.max, c.channel, c.topic_id, c.rolling
  from jsonb_to_recordset(:caps::jsonb) as c (ord smallint, key text, max integer, channel channel, topic_id integer, rolling interval)
),
calendars as materialized (
  select w.zone, w.ord, w.starts, w.ends
  from jsonb_to_recordset(:calendars::jsonb) as w (zone text, ord smallint, starts timestamptz, ends timestamptz)
),
gaps as materialized (
  select g.channel, g.length from jsonb_to_recordset(:gaps::jsonb) as g (channel channel, length interval)
),
reach as materialized (
  select d.user_id,
    bool_or(d.permission is distinct from 'denied') as permitted,
    bool_or(d.permission is distinct from 'denied' and d.last_seen_at > :now::timestamptz - :staleAfter::interval) as fresh
  from devices as d
  where :channel::channel = 'push' and d.user_id >= :fromId::bigint and d.user_id < :toId::bigint
  group by d.user_id
),
consent as materialized (
  select s.user_id, bool_or(s.state = 'unsubscribed') as refused, bool_or(s.state = 'subscribed') as given
  from subscriptions as s
  where s.user_id >= :fromId::bigint and s.user_id < :toId::bigint
    and s.channel = :channel::channel and s.topic in ('', coalesce(:topicKey::text, ''))
  group by s.user_id
),
-- What was reserved or sent within any window. An unsettled message counts in every window, as if it were settled now.
-- this_pass marks what this very pass admitted: only that can be the cause of outranked.
history as materialized (
  select p.user_id, h.id, h.campaign_id, h.channel, h.topic_id, least(h.counted_at, :now::timestamptz) as at,
    h.decided_at = :now::timestamptz and h.wave_id = any (:passWaves::bigint[]) as this_pass
  from pass_pool as p
  cross join lateral (
    select d.id, d.campaign_id, d.channel, d.topic_id, d.counted_at, d.decided_at, d.wave_id
    from deliveries as d
    where d.user_id = p.user_id and d.counted_at is not null and d.counted_at > :horizon::timestamptz
      -- Explaining a recorded decision: only what had been decided before it. Never in a pass, where the clock is no judge.
      and (:asOfId::bigint is null or d.decided_at < :now::timestamptz
        or (d.decided_at = :now::timestamptz and d.id < :asOfId::bigint))) as h
  union all
  select t.user_id, null::bigint, t.campaign_id, t.channel, t.topic_id, :now::timestamptz, true
  from pass_taken as t
  where t.user_id >= :fromId::bigint and t.user_id < :toId::bigint
),
recent as materialized (
  select h.user_id, count(*) as messages
  from history as h
  where h.at > :now::timestamptz - interval '7 days'
  group by h.user_id
),
-- The first tier in the policy's order that holds the user replaces the limits that it names.
tiers as materialized (
  select distinct on (m.user_id) m.user_id, t.limits
  from jsonb_to_recordset(:tiers::jsonb) as t (ord integer, segment_id bigint, limits jsonb)
  join segment_members as m on m.segment_id = t.segment_id
  where m.user_id >= :fromId::bigint and m.user_id < :toId::bigint
  order by m.user_id, t.ord
),
-- Messages on the channel, older than 24 h, since the last one that the user opened (clicked, in mail).
streaks as materialized (
  select p.user_id, s.unopened
  from pass_pool as p
  cross join lateral (
    select count(*) filter (where d.settled_at > coalesce(o.at, '-infinity')) as unopened
    from deliveries as d
    cross join lateral (
      select max(e.settled_at) as at
      from message_facts as f
      join deliveries as e on e.month = f.month and e.user_id = f.user_id and e.id = f.delivery_id
      where f.user_id = p.user_id and f.channel = :channel::channel
        and case when f.channel = 'email' then f.clicked_at else f.opened_at end is not null) as o
    where d.user_id = p.user_id and d.counted_at is not null and d.channel = :channel::channel
      and d.state = 'sent' and d.settled_at <= :now::timestamptz - interval '24 hours') as s
  where :adaptive::jsonb is not null
),
used as materialized (
  select h.user_id, c.ord, count(*) as used, count(*) filter (where not h.this_pass) as used_before,
    array_agg(h.at order by h.at desc, h.id desc nulls first) as times,
    array_agg(h.id order by h.at desc, h.id desc nulls first) as ids,
    array_agg(h.campaign_id order by h.at desc, h.id desc nulls first) as campaigns
  from history as h
  join pass_pool as p on p.user_id = h.user_id
  join caps as c on (c.channel is null or c.channel = h.channel) and (c.topic_id is null or c.topic_id = h.topic_id)
  left join calendars as w on w.ord = c.ord and w.zone = p.zone
  where case when c.rolling is null then h.at >= w.starts else h.at > :now::timestamptz - c.rolling end
  group by h.user_id, c.ord
),
-- A cap frees when its limit-th youngest message leaves the window, or when the calendar turns.
full_caps as materialized (
  select k.user_id, c.ord, k.used_before >= l.max as full_before, k.ids[l.max] as blocking_id, k.campaigns[l.max] as blocking_campaign_id,
    case when c.rolling is null then w.ends else k.times[l.max] + c.rolling end as free_at
  from used as k
  join caps as c on c.ord = k.ord
  join pass_pool as p on p.user_id = k.user_id
  left join calendars as w on w.ord = c.ord and w.zone = p.zone
  left join tiers as t on t.user_id = k.user_id
  left join streaks as s on s.user_id = k.user_id
  cross join lateral (select coalesce((t.limits ->> c.key)::integer, c.max) as max) as tiered
  cross join lateral (
    select case when :adaptive::jsonb is null or c.channel is distinct from :channel::channel then tiered.max
      else least(tiered.max, greatest((:adaptive::jsonb ->> 'floor')::integer, floor(tiered.max
        * power((:adaptive::jsonb ->> 'factor')::numeric, coalesce(s.unopened, 0) / (:adaptive::jsonb ->> 'unopenedStreak')::integer))::integer))
      end as max) as l
  where k.used >= l.max
),
cap_gate as materialized (
  select f.user_id, bool_or(f.full_before) as before, max(f.free_at) as free_at,
    (array_agg(f.ord order by f.ord))[1] as ord, (array_agg(f.blocking_id order by f.ord))[1] as blocking_id,
    (array_agg(f.blocking_campaign_id order by f.ord))[1] as blocking_campaign_id
  from full_caps as f
  group by f.user_id
),
gap_gate as materialized (
  select h.user_id, bool_or(not h.this_pass) as before, max(h.at + g.length) as free_at,
    (array_agg(h.id order by h.at + g.length desc))[1] as blocking_id,
    (array_agg(h.campaign_id order by h.at + g.length desc))[1] as blocking_campaign_id
  from history as h
  join gaps as g on g.channel is null or g.channel = h.channel
  where h.at > :now::timestamptz - g.length
  group by h.user_id
),
-- What higher campaigns hold back: an occurrence due before this message would leave the cap's window needs a slot then. For each
-- occurrence: what will still count when it is due, and the reservations due by then.
held_back as materialized (
  select r.user_id, c.ord, c.key, c.max, c.channel, c.topic_id, c.rolling, r.campaign_id, r.due_at, w.starts,
    count(*) over (partition by r.user_id, c.ord order by r.due_at) as reserved
  from pass_reserved as r
  join pass_pool as p on p.user_id = r.user_id
  join caps as c on (c.channel is null or c.channel = r.channel) and (c.topic_id is null or c.topic_id = r.topic_id)
  left join calendars as w on w.ord = c.ord and w.zone = p.zone
  where r.priority > :priority::smallint and r.campaign_id <> :campaignId::bigint
    and r.due_at < case when c.rolling is null then w.ends else :now::timestamptz + c.rolling end
),
left_then as materialized (
  select b.user_id, b.ord, b.campaign_id, b.due_at, b.reserved, b.key, b.max, b.channel,
    count(h.user_id) as used, count(h.user_id) filter (where not h.this_pass) as used_before
  from held_back as b
  left join history as h on h.user_id = b.user_id and (b.channel is null or b.channel = h.channel)
    and (b.topic_id is null or b.topic_id = h.topic_id)
    and case when b.rolling is null then h.at >= b.starts else h.at > b.due_at - b.rolling end
  group by b.user_id, b.ord, b.campaign_id, b.due_at, b.reserved, b.key, b.max, b.channel
),
reserve_gate as materialized (
  select x.user_id, max(x.due_at) as free_at, bool_or(x.used_before + x.reserved >= l.max) as before,
    (array_agg(x.ord order by x.due_at desc, x.ord))[1] as ord, (array_agg(x.campaign_id order by x.due_at desc, x.ord))[1] as campaign_id
  from left_then as x
  left join tiers as t on t.user_id = x.user_id
  left join streaks as s on s.user_id = x.user_id
  cross join lateral (select coalesce((t.limits ->> x.key)::integer, x.max) as max) as tiered
  cross join lateral (
    select case when :adaptive::jsonb is null or x.channel is distinct from :channel::channel then tiered.max
      else least(tiered.max, greatest((:adaptive::jsonb ->> 'floor')::integer, floor(tiered.max
        * power((:adaptive::jsonb ->> 'factor')::numeric, coalesce(s.unopened, 0) / (:adaptive::jsonb ->> 'unopenedStreak')::integer))::integer))
      end as max) as l
  where x.used + x.reserved >= l.max
  group by x.user_id
),
gated as materialized (
  select p.user_id, p.client_id, p.in_audience, p.zone, p.entry, p.due_at, p.expires_at, coalesce(r7.messages, 0) as messages_in_7d,
    -- Each hash costs some 10 µs a user: asked only where a share is held out or there is more than one variant.
    not :transactional::boolean and :globalBuckets::integer > 0
      and bucket_of(:globalSalt::text, p.client_id) < :globalBuckets::integer as global_holdout,
    :channel::channel = 'email' and s.address_hash is not null as suppressed_address,
    not :transactional::boolean and (coalesce(c.refused, false) or (:optIn::boolean and not coalesce(c.given, false))) as unsubscribed,
    :channel::channel = 'push' and r.user_id is null as no_device,
    :channel::channel = 'push' and not coalesce(r.permitted, true) as permission_denied,
    :channel::channel = 'push' and not :transactional::boolean and not coalesce(r.fresh, true) as stale_device,
    :channel::channel = 'email' and not p.has_email as no_email,
    p.duplicate_address,
    :localTimePassed::boolean as local_time_passed,
    :now::timestamptz > p.expires_at as expired,
    q.ends as quiet_until,
    gg.free_at as gap_free_at, gg.before as gap_before, gg.blocking_id as gap_blocking_id,
    gg.blocking_campaign_id as gap_blocking_campaign_id,
    cg.free_at as cap_free_at, cg.before as cap_before, cg.blocking_id as cap_blocking_id,
    cg.blocking_campaign_id as cap_blocking_campaign_id, cg.ord as cap,
    rg.free_at as reserve_free_at, rg.before as reserve_before, rg.ord as reserve_cap, rg.campaign_id as reserve_campaign_id,
    w.worth_segment, w.incrementality, w.heard_messages, w.heard_opens, w.heard_conversions, w.conversion_rate, w.open_rate,
    w.conversion_value, w.conversion_gain, w.open_gain, w.hazard, w.keep_value, w.message_cost,
    w.net_worth,
    not :transactional::boolean and :holdoutBuckets::integer > 0
      and bucket_of(:holdoutSalt::text, p.client_id) < :holdoutBuckets::integer as held_out,
    case when cardinality(:variantBounds::integer[]) = 0 or :variantBounds::integer[] = '{10000}' then 0
      else width_bucket(bucket_of(:variantSalt::text, p.client_id), :variantBounds::integer[]) end::smallint as variant
  from pass_pool as p
  left join suppressions as s on s.address_hash = p.email_hash
  left join consent as c on c.user_id = p.user_id
  left join reach as r on r.user_id = p.user_id
  left join recent as r7 on r7.user_id = p.user_id
  left join priced as w on w.user_id = p.user_id
  left join quiet as q on not :transactional::boolean and q.zone = p.zone
    and q.starts <= :now::timestamptz and q.ends > :now::timestamptz
  left join gap_gate as gg on not :transactional::boolean and not :ignoreCaps::boolean and gg.user_id = p.user_id
  left join cap_gate as cg on not :transactional::boolean and not :ignoreCaps::boolean and cg.user_id = p.user_id
  left join reserve_gate as rg on not :transactional::boolean and not :ignoreCaps::boolean and rg.user_id = p.user_id
),
reasoned as materialized (
  select g.*,
    (case
      when not g.in_audience then 'left_segment'
      when g.global_holdout then 'global_holdout'
      when g.suppressed_address then 'suppressed_address'
      when g.unsubscribed then 'unsubscribed'
      when g.no_device then 'no_device'
      when g.permission_denied then 'permission_denied'
      when g.stale_device then 'stale_device'
      when g.no_email then 'no_email'
      when g.duplicate_address then 'duplicate_address'
      when g.local_time_passed then 'local_time_passed'
      when g.expired then 'expired'
      when g.quiet_until is not null then 'quiet_hours'
      when not coalesce(g.gap_before, false) and not coalesce(g.cap_before, false) and not coalesce(g.reserve_before, false)
        and coalesce(g.gap_free_at, g.cap_free_at, g.reserve_free_at) is not null then 'outranked'
      when g.gap_free_at is not null then 'minimum_gap'
      when g.cap_free_at is not null then 'frequency_cap'
      when g.reserve_free_at is not null then 'reserved_for_priority'
      when g.net_worth <= 0 then 'not_worth_it'
    end)::delivery_reason as reason,
    greatest(g.quiet_until, g.gap_free_at, g.cap_free_at, g.reserve_free_at) as gates_free_at
  from gated as g
),
-- The least instant at which every gate would pass: caps and gaps only get freer, so it is the last of them to free, moved
-- to the end of the quiet interval it may fall into.
timed as materialized (
  select r.*, case when r.reason in ('quiet_hours', 'minimum_gap', 'frequency_cap', 'outranked', 'reserved_for_priority')
      then coalesce(q.ends, r.gates_free_at) end as free_at
  from reasoned as r
  left join quiet as q on r.reason in ('quiet_hours', 'minimum_gap', 'frequency_cap', 'outranked', 'reserved_for_priority')
    and q.zone = r.zone and q.starts <= r.gates_free_at and q.ends > r.gates_free_at
),
verdicts as materialized (
  select t.*,
    (case
      when t.reason is null and t.held_out then 'held_out'
      when t.reason is null then 'queued'
      when :defer::boolean and t.free_at <= t.expires_at then 'deferred'
      else 'suppressed'
    end)::delivery_state as state
  from timed as t
)
