-- The grid of the latest refresh: one row for each cell that has somebody, split by monetary score.
-- reads: user_scores
select recency, frequency, monetary, count(*)::integer as users, sum(revenue) as revenue
from user_scores
group by recency, frequency, monetary
