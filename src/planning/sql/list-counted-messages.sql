-- Messages of one user that count, youngest last; at is null while one is not settled. With asOfId as that decision saw them: those
-- decided before it, and as unsettled what was settled only later.
-- reads: deliveries, topics
select d.month::text as month, d.id, d.channel, t.key as topic,
  case when isfinite(d.counted_at) and (:asOfId::bigint is null or d.counted_at <= :at::timestamptz) then d.counted_at end as at
from deliveries as d
left join topics as t on t.id = d.topic_id
where d.user_id = :userId::bigint and d.counted_at is not null and d.counted_at > :since::timestamptz
  and (:asOfId::bigint is null or d.decided_at < :at::timestamptz or (d.decided_at = :at::timestamptz and d.id < :asOfId::bigint))
order by d.counted_at, d.id;
