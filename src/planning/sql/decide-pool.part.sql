-- The decision: every user of the pool (pass_pool, filled by one of the pool-*.part.sql) meets the gates in order; the first that
-- fails is the reason. The pure oracle is fatigue/ranking.ts (decideUser). Quiet intervals and calendar windows arrive computed
-- for each zone: they depend on the zone and the instant alone, so the function that explains them is the one that runs.
-- Facts are gathered by ranges of the bucket's ids rather than user by user: the tables are indexed by user, so each is one
-- range scan. History and what was heard stand in tables of the session (gather-*.sql), once for all waves of the pass.
-- Only what is read twice is materialized; `decided` is read once, so that each ending pays for the columns it takes.
-- Whoever is not asked goes past all that (barred.part.sql).
-- After asked.part.sql and price-pool.part.sql.
-- reads: segment_members, pass_pool, pass_history, pass_heard, pass_reserved, asked (of asked.part.sql), priced (of price-pool)
, quiet as materialized (
  select q.zone, q.starts, q.ends
  from jsonb_to_recordset(:quiet::jsonb) as q (zone text, starts timestamptz, ends timestamptz)
),
caps as materialized (
  select c.ord, c.place, c.key, c.max, c.channel, c.topic_id, c.rolling, :now::timestamptz - c.rolling as since
  from jsonb_to_recordset(:caps::jsonb) as c (ord smallint, place integer, key text, max integer, channel channel, topic_id integer, rolling interval)
),
calendars as materialized (
  select w.zone, w.ord, w.starts, w.ends
  from jsonb_to_recordset(:calendars::jsonb) as w (zone text, ord smallint, starts timestamptz, ends timestamptz)
),
gaps as materialized (
  select g.channel, g.length, :now::timestamptz - g.length as since from jsonb_to_recordset(:gaps::jsonb) as g (channel channel, length interval)
),
__TALLY__
-- What counts of whoever is asked: read three times below.
recent as materialized (
  select h.user_id, h.id, h.campaign_id, h.channel, h.topic_id, h.at, h.this_pass, a.zone
  from pass_history as h
  join asked as a on a.user_id = h.user_id
),
-- Who may be over a cap at all, and over which: on whatever channel, by the widest window of any zone and the lowest limit of any tier. Most
-- users are over none, and only the others are counted exactly below.
pressed as (
  select h.user_id, array[__CAPS__]::boolean[] as caps
  from recent as h
  group by h.user_id
  having __ANY_CAP__
),
-- The first tier in the policy's order that holds the user replaces the limits that it names.
tiers as (
  select distinct on (m.user_id) m.user_id, t.limits
  from jsonb_to_recordset(:tiers::jsonb) as t (ord integer, segment_id bigint, limits jsonb)
  -- OFFSET: of each tier its own range, not that of every segment.
  cross join lateral (
    select s.user_id
    from segment_members as s
    where s.segment_id = t.segment_id and s.user_id >= :fromId::bigint and s.user_id < :toId::bigint
    offset 0) as m
  order by m.user_id, t.ord
),
-- How often the limit of whoever stopped opening is cut, and by how much: all but the longest streaks are among the first.
streaks as (
  select h.user_id, (h.unopened / :adaptiveStreak::integer)::integer as cuts
  from pass_heard as h
  where h.channel = :channel::channel and h.unopened >= :adaptiveStreak::integer
),
cuts as materialized (
  select array_agg(power(:adaptiveFactor::numeric, n.cuts) order by n.cuts) as powers from generate_series(1, 32) as n (cuts)
),
-- Every message in the window of every cap that it concerns and that its user may be over, the youngest first.
counted as (
  select h.user_id, c.ord, c.key, c.max, c.channel, h.id as blocking_id, h.campaign_id as blocking_campaign_id,
    case when c.rolling is null then w.ends else h.at + c.rolling end as frees_at,
    row_number() over together as nth, count(*) filter (where not h.this_pass) over together as used_before
  from recent as h
  join pressed as k on k.user_id = h.user_id
  join caps as c on k.caps[c.place] and (c.channel is null or c.channel = h.channel) and (c.topic_id is null or c.topic_id = h.topic_id)
  left join calendars as w on w.ord = c.ord and w.zone = h.zone
  where case when c.rolling is null then h.at >= w.starts else h.at > c.since end
  -- The frame: with that of the row number alone both would be a window each.
  window together as (
    partition by h.user_id, c.ord order by h.at desc, h.id desc nulls first rows between unbounded preceding and unbounded following)
),
-- A cap is full that has as many messages as its limit (at least 1), and frees when the last of these leaves the window, or when the calendar
-- turns.
full_caps as (
  select n.user_id, n.ord, n.used_before >= l.max as full_before, n.blocking_id, n.blocking_campaign_id, n.frees_at as free_at
  from counted as n
  left join tiers as t on t.user_id = n.user_id
  left join streaks as s on s.user_id = n.user_id
  __LIMIT_OF_n__
  where n.nth = l.max
),
cap_gate as (
  select f.user_id, bool_or(f.full_before) as before, max(f.free_at) as free_at,
    (array_agg(f.ord order by f.ord))[1] as ord, (array_agg(f.blocking_id order by f.ord))[1] as blocking_id,
    (array_agg(f.blocking_campaign_id order by f.ord))[1] as blocking_campaign_id
  from full_caps as f
  group by f.user_id
),
gap_gate as (
  select h.user_id, bool_or(not h.this_pass) as before, max(h.at + g.length) as free_at,
    (array_agg(h.id order by h.at + g.length desc))[1] as blocking_id,
    (array_agg(h.campaign_id order by h.at + g.length desc))[1] as blocking_campaign_id
  from recent as h
  join gaps as g on g.channel is null or g.channel = h.channel
  where h.at >= :gapsFrom::timestamptz and h.at > g.since
  group by h.user_id
),
__RESERVE__
gated as (
  select m.*,
    gg.free_at as gap_free_at, gg.before as gap_before, gg.blocking_id as gap_blocking_id,
    gg.blocking_campaign_id as gap_blocking_campaign_id,
    cg.free_at as cap_free_at, cg.before as cap_before, cg.blocking_id as cap_blocking_id,
    cg.blocking_campaign_id as cap_blocking_campaign_id, cg.ord as cap,
    rg.free_at as reserve_free_at, rg.before as reserve_before, rg.ord as reserve_cap, rg.campaign_id as reserve_campaign_id,
    w.worth_segment, w.incrementality, w.heard_messages, w.heard_opens, w.heard_conversions, w.conversion_rate, w.open_rate,
    w.conversion_value, w.conversion_gain, w.open_gain, w.hazard, w.keep_value, w.message_cost, w.net_worth,
    -- Of those who are worth exactly the price of the budget, a share by lot.
    w.net_worth <= :price::float8 and not (:tieBuckets::integer > 0 and w.net_worth = :price::float8
      and bucket_of(:tieSalt::text, m.client_id) < :tieBuckets::integer) as below_price
  from asked as m
  __PRICES__
  left join gap_gate as gg on not :transactional::boolean and not :ignoreCaps::boolean and gg.user_id = m.user_id
  left join cap_gate as cg on not :transactional::boolean and not :ignoreCaps::boolean and cg.user_id = m.user_id
  __RESERVATIONS__
),
reasoned as (
  select g.*,
    case
      when g.bar is not null then g.bar
      when coalesce(g.gap_free_at, g.cap_free_at, g.reserve_free_at) is not null and not coalesce(g.gap_before, false)
        and not coalesce(g.cap_before, false) and not coalesce(g.reserve_before, false) then 'outranked'
      when g.gap_free_at is not null then 'minimum_gap'
      when g.cap_free_at is not null then 'frequency_cap'
      when g.reserve_free_at is not null then 'reserved_for_priority'
      when g.below_price then 'not_worth_it'
    end as reason,
    greatest(g.quiet_until, g.gap_free_at, g.cap_free_at, g.reserve_free_at) as gates_free_at
  from gated as g
  -- A fence: the reason is asked for several times below, and each time the planner would compute it afresh.
  offset 0
),
-- The least instant at which every gate would pass: caps and gaps only get freer, so it is the last of them to free, moved
-- to the end of the quiet interval it may fall into. Nobody asks for it where nothing is deferred.
timed as (
  select r.*, case when r.reason in ('quiet_hours', 'minimum_gap', 'frequency_cap', 'outranked', 'reserved_for_priority')
      and (:defer::boolean or :everyone::boolean) then coalesce((
        select q.ends from quiet as q where q.zone = r.zone and q.starts <= r.gates_free_at and q.ends > r.gates_free_at), r.gates_free_at)
      end as free_at
  from reasoned as r
),
decided as (
  select t.*,
    not :transactional::boolean and :holdoutBuckets::integer > 0
      and bucket_of(:holdoutSalt::text, t.client_id) < :holdoutBuckets::integer as held_out,
    __VARIANT_OF_t__ as variant,
    case when t.over_budget then 'budget_spent' else t.reason end as why,
    case
      when t.over_budget then 'suppressed'::delivery_state
      when t.reason is null and not :transactional::boolean and :holdoutBuckets::integer > 0
        and bucket_of(:holdoutSalt::text, t.client_id) < :holdoutBuckets::integer then 'held_out'
      when t.reason is null then 'queued'
      when :defer::boolean and t.free_at <= t.expires_at then 'deferred'
      else 'suppressed'
    end as state
  from __RATIONED__ as t
)
