-- What a message to each user of __PRICED__ is worth, of campaigns that ask for it: of the pool before it is ranked, in its decision of
-- whoever no gate has stopped before. Twin: scoring/worth.ts (worthOf).
-- reads: pass_pool or asked (of asked.part.sql), pass_heard, segments, segment_members, user_scores
worth_cells as materialized (
  select w.* from jsonb_to_recordset(:worthCells::jsonb) as w (ord integer, segment text, open_a float8, open_b float8, conv_a float8,
    conv_b float8, incrementality float8, value float8, own_value boolean, mean_gain float8, margin float8, open_value float8, cost float8,
    hazards float8[], lifetimes float8[])
),
-- The first of the audience's segments that holds the user gives the rates that the user's own are shrunk to. The place of everybody needs no
-- row for each of them: that took a sort and a join of the whole pool.
worth_places as (
  select s.user_id, min(w.ord) as ord
  from worth_cells as w
  join segments as g on g.key = w.segment
  join segment_members as s on s.segment_id = g.id
  where s.user_id >= :fromId::bigint and s.user_id < :toId::bigint
  group by s.user_id
),
heard as (
  select p.user_id, coalesce(h.messages, 0) as messages, coalesce(h.opens, 0) as opens, coalesce(h.conversions, 0) as conversions
  from __PRICED__ as p
  left join pass_heard as h on h.user_id = p.user_id and h.channel = :channel::channel
),
priced as (
  select h.user_id, w.segment as worth_segment, w.incrementality, h.messages as heard_messages, h.opens as heard_opens,
    h.conversions as heard_conversions, r.conversion_rate, r.open_rate, w.value * v.scale as conversion_value,
    r.conversion_rate * w.incrementality * w.margin * (w.value * v.scale) as conversion_gain,
    r.open_rate * w.open_value as open_gain, w.hazards[o.ordinal] as hazard,
    w.mean_gain * v.scale * w.lifetimes[o.ordinal] as keep_value, w.cost as message_cost,
    r.conversion_rate * w.incrementality * w.margin * (w.value * v.scale) + r.open_rate * w.open_value
      - w.hazards[o.ordinal] * (w.mean_gain * v.scale * w.lifetimes[o.ordinal]) - w.cost as net_worth
  from heard as h
  left join worth_places as q on q.user_id = h.user_id
  join worth_cells as w on w.ord = least(q.ord, (select min(e.ord) from worth_cells as e where e.segment is null))
  -- The range: these joins are by hash, and scores of users in other buckets would be read for it.
  left join user_scores as s on s.user_id = h.user_id and s.user_id >= :fromId::bigint and s.user_id < :toId::bigint
  cross join lateral (select least(h.messages, 200)::integer + 1 as ordinal) as o
  cross join lateral (
    select (w.conv_a + h.conversions) / (w.conv_a + w.conv_b + h.messages) as conversion_rate,
      (w.open_a + h.opens) / (w.open_a + w.open_b + h.messages) as open_rate) as r
  cross join lateral (
    select case when w.own_value and w.value > 0 and s.expected_purchases_90d > 0 and s.expected_value_90d is not null
      then least(4, greatest(0.25, s.expected_value_90d / s.expected_purchases_90d / w.value)) else 1 end as scale) as v
)
