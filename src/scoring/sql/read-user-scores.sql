-- The stored scores of one user.
-- reads: users, user_scores
select u.id, s.recency, s.frequency, s.monetary, s.rfm_group as "group", s.last_purchase_at as "lastPurchaseAt", s.purchases, s.revenue,
  s.probability_alive as "probabilityAlive", s.expected_purchases_90d as "expectedPurchases90d", s.expected_value_90d as "expectedValue90d",
  s.as_of as "asOf"
from users u
left join user_scores s on s.user_id = u.id
where u.user_id = :userId
