-- The histories of the scored buyers in a range of internal ids.
-- reads: user_event_days, user_scores
select h.user_id as id, h.repeats, h.last_at as "lastAt", h.age, coalesce(h.mean_spend, 0)::float8 as "meanSpend"
from purchase_histories(:purchaseEvent::text, :currency::text, :asOf::timestamptz, :firstId::bigint, :lastId::bigint) h
join user_scores s on s.user_id = h.user_id
