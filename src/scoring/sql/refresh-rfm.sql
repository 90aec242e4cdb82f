-- Scores every buyer as of an instant, all at once; who has no purchase any more (erased, or the setting changed) loses the
-- row. Value scores are emptied here and written after this by write-value-scores.
-- reads: user_event_days, events, users  writes: user_scores
with fresh as materialized (
  select r.* from rfm_as_of(:purchaseEvent::text, :currency::text, :asOf::timestamptz) r join users u on u.id = r.user_id
), gone as (
  delete from user_scores s where not exists (select from fresh f where f.user_id = s.user_id)
), written as (
  insert into user_scores as s (user_id, recency, frequency, monetary, rfm_group, last_purchase_at, purchases, revenue, as_of)
  select user_id, recency, frequency, monetary, rfm_group, last_at, purchases, revenue, :asOf::timestamptz
  from fresh order by user_id
  on conflict (user_id) do update set
    recency = excluded.recency, frequency = excluded.frequency, monetary = excluded.monetary, rfm_group = excluded.rfm_group,
    last_purchase_at = excluded.last_purchase_at, purchases = excluded.purchases, revenue = excluded.revenue, as_of = excluded.as_of,
    probability_alive = null, expected_purchases_90d = null, expected_value_90d = null
  returning s.user_id
)
select count(*)::integer as users from written
