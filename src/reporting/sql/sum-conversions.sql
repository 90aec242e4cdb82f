-- Messages with at least one credited conversion and the money that came with them, by variant; currency null is the row of all.
-- reads: conversions, deliveries
select d.variant, coalesce(c.currency, :currency::text) as currency, count(distinct (c.month, c.delivery_id)) as converted,
  count(*) as conversions, coalesce(sum(c.value), 0)::text as revenue, grouping(coalesce(c.currency, :currency::text)) = 1 as "allCurrencies"
from conversions as c
join deliveries as d on d.month = c.month and d.user_id = c.user_id and d.id = c.delivery_id
where c.campaign_id = :campaignId::bigint and (:runId::bigint is null or c.run_id = :runId::bigint)
group by grouping sets ((d.variant), (d.variant, coalesce(c.currency, :currency::text)));
