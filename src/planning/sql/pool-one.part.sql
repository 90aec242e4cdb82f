-- One user, whether in the audience or not: for explain. fromId is the user, toId the next id.
-- reads: users, deliveries
select u.id, u.user_id, u.email_hash, u.email is not null, coalesce(u.zone, :defaultZone::text),
  coalesce((__AUDIENCE__), false),
  __DUPLICATE_ADDRESS__,
  0, :dueAt::timestamptz, :expiresAt::timestamptz
from users as u
where u.id >= :fromId::bigint and u.id < :toId::bigint
