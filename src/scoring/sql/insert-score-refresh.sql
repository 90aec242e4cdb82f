-- Notes a refresh that is done, with the models that it fitted and what scores are read from until the next one: the cut points
-- (the greatest value with a score of at most 1, 2, 3 and 4: what exceeds it would score more in this population) and the grid.
-- reads: user_scores  writes: score_refreshes
with cut as (
  select
    jsonb_build_array(max(s.last_purchase_at) filter (where s.recency = 1), max(s.last_purchase_at) filter (where s.recency <= 2),
      max(s.last_purchase_at) filter (where s.recency <= 3), max(s.last_purchase_at) filter (where s.recency <= 4)) as recency,
    jsonb_build_array(max(s.purchases) filter (where s.frequency = 1), max(s.purchases) filter (where s.frequency <= 2),
      max(s.purchases) filter (where s.frequency <= 3), max(s.purchases) filter (where s.frequency <= 4)) as frequency,
    jsonb_build_array(max(s.revenue) filter (where s.monetary = 1), max(s.revenue) filter (where s.monetary <= 2),
      max(s.revenue) filter (where s.monetary <= 3), max(s.revenue) filter (where s.monetary <= 4)) as monetary
  from user_scores as s),
cell as (
  select s.recency, s.frequency, s.monetary, count(*)::integer as users, sum(s.revenue) as revenue
  from user_scores as s
  group by s.recency, s.frequency, s.monetary)
insert into score_refreshes (as_of, users, models, purchase_event, currency, cuts, grid)
select :asOf::timestamptz, :users::integer, :models::jsonb, :purchaseEvent::text, :currency::text,
  jsonb_build_object('recency', c.recency, 'frequency', c.frequency, 'monetary', c.monetary),
  (select coalesce(jsonb_agg(jsonb_build_object('recency', g.recency, 'frequency', g.frequency, 'monetary', g.monetary,
    'users', g.users, 'revenue', g.revenue::text)), '[]') from cell as g)
from cut as c
returning id
