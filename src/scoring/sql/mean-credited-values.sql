-- What a conversion credited to a message of each channel is worth on average, in the settings' currency, since an instant.
-- reads: conversions, deliveries
select d.channel, avg(case when coalesce(c.currency, :currency::text) = :currency::text then coalesce(c.value, 0) else 0 end)::float8 as value
from conversions as c
join deliveries as d on d.month = c.month and d.user_id = c.user_id and d.id = c.delivery_id
where c.occurred_at >= :since::timestamptz
group by d.channel
