-- Messages of one user that count, youngest last; at is null while one is not settled. Those that counted when a row of the ledger was
-- decided: recall-history.sql.
-- reads: deliveries, topics
select d.month::text as month, d.id, d.channel, t.key as topic, case when isfinite(d.counted_at) then d.counted_at end as at
from deliveries as d
left join topics as t on t.id = d.topic_id
where d.user_id = :userId::bigint and d.counted_at is not null and d.counted_at > :since::timestamptz
order by d.counted_at, d.id;
