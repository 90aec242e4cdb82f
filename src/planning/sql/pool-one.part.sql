-- One user, whether in the audience or not: for explain. fromId is the user, toId the next id.
-- reads: users
select u.id as user_id, u.user_id as client_id, u.email_hash, u.email is not null as has_email,
  coalesce(u.zone, :defaultZone::text) as zone, coalesce((__AUDIENCE__), false) as in_audience
from users as u
where u.id >= :fromId::bigint and u.id < :toId::bigint
