-- One user, whether in the audience or not: for explain. fromId is the user, toId the next id.
-- reads: users
select u.id, u.user_id, u.email_hash, u.email is not null, coalesce(u.zone, :defaultZone::text),
  coalesce((__AUDIENCE__), false),
  -- One mail for an address and run: it goes to the oldest user of the audience that has the address. Decided by the users
  -- alone, not by what another bucket's pass has already done, so that no two passes can both believe to be first.
  :channel::channel = 'email' and :passEntries::boolean is not true and u.email_hash is not null and exists (
    select from users as o
    where o.email_hash = u.email_hash and o.id < u.id and exists (
      select from users as u where u.id = o.id and (__AUDIENCE_OF_ANYBODY__))),
  0, :dueAt::timestamptz, :expiresAt::timestamptz
from users as u
where u.id >= :fromId::bigint and u.id < :toId::bigint
