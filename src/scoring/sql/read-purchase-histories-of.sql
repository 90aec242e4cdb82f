-- The histories of these buyers, as far as they are scored.
-- reads: user_event_days, user_scores
select h.user_id as id, h.repeats, h.last_at as "lastAt", h.age, coalesce(h.mean_spend, 0)::float8 as "meanSpend"
from purchase_histories(:purchaseEvent::text, :currency::text, :asOf::timestamptz, 0, 9223372036854775807) as h
join user_scores as s on s.user_id = h.user_id
where h.user_id = any (:ids::bigint[])
