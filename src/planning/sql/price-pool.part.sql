-- What a message to each user of the pool is worth, of campaigns that ask for it; else worth_cells is empty and nothing below it is
-- read. First part of every decision, and of the ranking before it. Twin: scoring/worth.ts (worthOf).
-- reads: pass_pool, segments, segment_members, deliveries, message_facts, conversions, user_scores
with worth_cells as materialized (
  select w.* from jsonb_to_recordset(:worthCells::jsonb) as w (ord integer, segment text, open_a float8, open_b float8, conv_a float8,
    conv_b float8, incrementality float8, value float8, own_value boolean, mean_gain float8, margin float8, open_value float8, cost float8,
    hazards float8[], lifetimes float8[])
),
-- The first of the audience's segments that holds the user gives the rates that the user's own are shrunk to.
worth_places as materialized (
  select distinct on (m.user_id) m.user_id, m.ord
  from (
    select s.user_id, w.ord from worth_cells as w
    join segments as g on g.key = w.segment
    join segment_members as s on s.segment_id = g.id
    where s.user_id >= :fromId::bigint and s.user_id < :toId::bigint
    union all
    select p.user_id, w.ord from pass_pool as p cross join worth_cells as w where w.segment is null) as m
  order by m.user_id, m.ord
),
heard as materialized (
  select p.user_id, h.messages, h.opens, h.conversions
  from pass_pool as p
  cross join lateral (
    select count(*) as messages,
      count(*) filter (where f.opened_at <= :now::timestamptz or (d.channel = 'email' and f.clicked_at <= :now::timestamptz)) as opens,
      count(*) filter (where exists (
        select from conversions as x
        where x.user_id = d.user_id and x.delivery_id = d.id and x.occurred_at <= :now::timestamptz)) as conversions
    from deliveries as d
    left join message_facts as f on f.month = d.month and f.user_id = d.user_id and f.delivery_id = d.id
    where d.user_id = p.user_id and d.channel = :channel::channel and d.state = 'sent' and d.counted_at is not null
      and d.settled_at <= :now::timestamptz) as h
  where exists (select from worth_cells)
),
priced as materialized (
  select h.user_id, w.segment as worth_segment, w.incrementality, h.messages as heard_messages, h.opens as heard_opens,
    h.conversions as heard_conversions, r.conversion_rate, r.open_rate, w.value * v.scale as conversion_value,
    r.conversion_rate * w.incrementality * w.margin * (w.value * v.scale) as conversion_gain,
    r.open_rate * w.open_value as open_gain, w.hazards[o.ordinal] as hazard,
    w.mean_gain * v.scale * w.lifetimes[o.ordinal] as keep_value, w.cost as message_cost,
    r.conversion_rate * w.incrementality * w.margin * (w.value * v.scale) + r.open_rate * w.open_value
      - w.hazards[o.ordinal] * (w.mean_gain * v.scale * w.lifetimes[o.ordinal]) - w.cost as net_worth
  from heard as h
  join worth_places as q on q.user_id = h.user_id
  join worth_cells as w on w.ord = q.ord
  left join user_scores as s on s.user_id = h.user_id
  cross join lateral (select least(h.messages, 200)::integer + 1 as ordinal) as o
  cross join lateral (
    select (w.conv_a + h.conversions) / (w.conv_a + w.conv_b + h.messages) as conversion_rate,
      (w.open_a + h.opens) / (w.open_a + w.open_b + h.messages) as open_rate) as r
  cross join lateral (
    select case when w.own_value and w.value > 0 and s.expected_purchases_90d > 0 and s.expected_value_90d is not null
      then least(4, greatest(0.25, s.expected_value_90d / s.expected_purchases_90d / w.value)) else 1 end as scale) as v
)
