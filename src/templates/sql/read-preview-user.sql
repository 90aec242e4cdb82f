-- What a template can say about one person.
-- reads: users, user_scores
select u.user_id as "userId", u.email, u.zone as timezone, coalesce(u.locale, u.device_locale) as locale, u.created_at as "createdAt",
  u.attributes, s.recency, s.frequency, s.monetary, s.rfm_group as "rfmGroup", s.probability_alive as "probabilityAlive",
  s.expected_purchases_90d as "expectedPurchases90d", s.expected_value_90d as "expectedValue90d", s.as_of as "asOf"
from users as u
left join user_scores as s on s.user_id = u.id
where u.user_id = :userId::text;
