-- Scores these buyers as of an instant against the cut points of a refresh: each score is 1 and one more for each cut point that
-- the value exceeds. Value scores are emptied here and written after this by write-value-scores. Users are held against erasure.
-- reads: user_event_days, events, users, score_refreshes  writes: user_scores
with held as materialized (
  select u.id from users as u where u.id = any (:ids::bigint[]) order by u.id for key share
), cut as materialized (
  select array(select c::timestamptz from jsonb_array_elements_text(r.cuts -> 'recency') as c) as recency,
    array(select c::bigint from jsonb_array_elements_text(r.cuts -> 'frequency') as c) as frequency,
    array(select c::numeric from jsonb_array_elements_text(r.cuts -> 'monetary') as c) as monetary
  from score_refreshes as r where r.id = :refreshId::bigint
), placed as materialized (
  select p.*,
    1 + (select count(*) from unnest(c.recency) as k where p.last_at > k) as recency,
    1 + (select count(*) from unnest(c.frequency) as k where p.purchases > k) as frequency,
    1 + (select count(*) from unnest(c.monetary) as k where p.revenue > k) as monetary
  from purchases_as_of(:purchaseEvent::text, :currency::text, :asOf::timestamptz) as p cross join cut as c
  where p.user_id = any (:ids::bigint[])
), gone as (
  delete from user_scores as s
  where s.user_id = any (:ids::bigint[]) and not exists (select from placed as p where p.user_id = s.user_id)
)
insert into user_scores as s (user_id, recency, frequency, monetary, rfm_group, last_purchase_at, purchases, revenue, as_of)
select p.user_id, p.recency, p.frequency, p.monetary, rfm_group(p.recency, p.frequency), p.last_at, p.purchases, p.revenue, :asOf::timestamptz
from placed as p join held as h on h.id = p.user_id
order by p.user_id
on conflict (user_id) do update set
  recency = excluded.recency, frequency = excluded.frequency, monetary = excluded.monetary, rfm_group = excluded.rfm_group,
  last_purchase_at = excluded.last_purchase_at, purchases = excluded.purchases, revenue = excluded.revenue, as_of = excluded.as_of,
  probability_alive = null, expected_purchases_90d = null, expected_value_90d = null
