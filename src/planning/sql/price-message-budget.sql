-- Sets the price of a channel's budget, with what it was computed over. Windows that ended 60 days ago are forgotten.
-- writes: message_budgets
with old as (
  delete from message_budgets as o where o.channel = :channel::channel and o.starts_at < :startsAt::timestamptz - interval '60 days')
insert into message_budgets as b (channel, starts_at, price, tie_buckets, demand, priced_at, priced_waves)
values (:channel::channel, :startsAt::timestamptz, :price::float8, :tieBuckets::smallint, :demand::float8, :now::timestamptz, :waves::bigint[])
on conflict (channel, starts_at) do update set price = excluded.price, tie_buckets = excluded.tie_buckets, demand = excluded.demand,
  priced_at = excluded.priced_at, priced_waves = excluded.priced_waves;
