-- How many first requests the messages of throttled chunks are: one for each device that may be sent to, as the claim will see them.
-- Straight after the chunks are filled, by the pass that fills them. Twin: count-requests.sql.
-- reads: deliveries, devices   writes: chunks
update chunks as k
set requests = x.requests
from (
  select d.chunk_id as id, count(*)::integer as requests
  from deliveries as d
  join devices as v on v.user_id = d.user_id
  where d.month = :month::date and d.user_id >= :fromId::bigint and d.user_id < :toId::bigint and d.chunk_id = any (:chunkIds::bigint[])
    and v.user_id >= :fromId::bigint and v.user_id < :toId::bigint
    and v.permission is distinct from 'denied' and (:transactional::boolean or v.last_seen_at > :now::timestamptz - :staleAfter::interval)
  group by d.chunk_id) as x
where k.id = x.id
returning x.requests;
