-- The grid as it stood at a past instant, from whole days and the events of the day that the instant cuts, split by monetary score.
-- reads: user_event_days, events, users
select r.recency::smallint as recency, r.frequency::smallint as frequency, r.monetary::smallint as monetary,
  count(*)::integer as users, sum(r.revenue) as revenue
from rfm_as_of(:purchaseEvent::text, :currency::text, :asOf::timestamptz) r
join users u on u.id = r.user_id
group by r.recency, r.frequency, r.monetary
