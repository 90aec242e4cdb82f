-- What of a channel's budget has been taken in its window, and the price in force. One row, also where nothing has been taken yet.
-- reads: message_budgets
select coalesce(b.admitted, 0)::float8 as admitted, coalesce(b.price, 0) as price, coalesce(b.tie_buckets, 0)::integer as "tieBuckets",
  b.priced_at as "pricedAt", coalesce(b.priced_waves, '{}')::text[] as "pricedWaves", b.recounted_at as "recountedAt"
from (select :channel::channel as channel, :startsAt::timestamptz as starts_at) as w
left join message_budgets as b using (channel, starts_at);
