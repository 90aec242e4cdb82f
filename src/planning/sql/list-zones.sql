-- The time zones of a range of users.
-- reads: users
select distinct coalesce(u.zone, :defaultZone::text) as zone
from users as u
where u.id >= :fromId::bigint and u.id < :toId::bigint;
