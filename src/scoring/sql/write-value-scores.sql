-- Writes the value scores of many buyers.
-- writes: user_scores
update user_scores s
set probability_alive = v.alive, expected_purchases_90d = v.purchases, expected_value_90d = v.value
from unnest(:ids::bigint[], :alive::float8[], :purchases::float8[], :values::float8[]) as v (user_id, alive, purchases, value)
where s.user_id = v.user_id
