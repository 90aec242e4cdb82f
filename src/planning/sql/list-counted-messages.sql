-- Messages of one user that count, of those decided by an instant (null: all), youngest last; at is null while one is not settled, or was
-- not by then. Those that counted when a row of the ledger was decided: recall-history.sql.
-- reads: deliveries, topics
select d.month::text as month, d.id, d.channel, t.key as topic, s.at
from deliveries as d
cross join lateral (select case when isfinite(d.counted_at) and d.counted_at <= coalesce(:by::timestamptz, 'infinity') then d.counted_at end as at) as s
left join topics as t on t.id = d.topic_id
where d.user_id = :userId::bigint and d.counted_at is not null and d.counted_at > :since::timestamptz
  and d.decided_at <= coalesce(:by::timestamptz, 'infinity')
order by s.at nulls last, d.id;
