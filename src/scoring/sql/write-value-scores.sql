-- Writes the value scores of all buyers whose forecasts were put by.
-- reads: score_forecasts (temporary)  writes: user_scores
update user_scores s
set probability_alive = f.alive, expected_purchases_90d = f.purchases, expected_value_90d = f.value
from score_forecasts f
where s.user_id = f.user_id
