-- The grid of the latest refresh: one row for each cell that has somebody.
-- reads: user_scores
select recency, frequency, count(*)::integer as users, sum(revenue) as revenue
from user_scores
group by recency, frequency
