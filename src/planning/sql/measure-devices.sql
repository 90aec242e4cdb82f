-- How many devices the users of a range have that may be sent to, of those who have any: so many requests a push is. 1 where nobody has one.
-- reads: devices
select (greatest(1, count(*)) / greatest(1, count(distinct v.user_id))::float8)::float8 as "perMessage"
from devices as v
where v.user_id >= :fromId::bigint and v.user_id < :toId::bigint
  and v.permission is distinct from 'denied' and (:transactional::boolean or v.last_seen_at > :now::timestamptz - :staleAfter::interval);
