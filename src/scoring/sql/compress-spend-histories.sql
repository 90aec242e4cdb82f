-- Equal (repeat purchases, mean spend) of the same sample added up: what the spend model is fitted on.
-- reads: user_event_days
select h.repeats as purchases, h.mean_spend::float8 as "meanSpend", count(*)::integer as weight
from purchase_histories(:purchaseEvent::text, :currency::text, :asOf::timestamptz, 0, 9223372036854775807) h
where h.repeats > 0 and h.user_id % :stride::bigint = 0
group by h.repeats, h.mean_spend
