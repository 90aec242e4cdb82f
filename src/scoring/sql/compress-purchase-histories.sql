-- Equal purchase histories of a sample of the buyers added up (every stride-th id): what the purchase model is fitted on.
-- reads: user_event_days
select h.repeats, h.last_at as "lastAt", h.age, count(*)::integer as weight
from purchase_histories(:purchaseEvent::text, :currency::text, :asOf::timestamptz, 0, 9223372036854775807) h
where h.user_id % :stride::bigint = 0
group by h.repeats, h.last_at, h.age
