-- Who a wave is about, evaluated afresh: everybody of the bucket in its audience whom the run has not decided on yet.
-- reads: users, deliveries   writes: pass_pool (temporary)
insert into pass_pool (user_id, client_id, email_hash, has_email, zone, in_audience, duplicate_address)
select u.id, u.user_id, u.email_hash, u.email is not null, coalesce(u.zone, :defaultZone::text), true,
  -- One mail for an address and run: it goes to the oldest user of the audience that has the address. Decided by the users
  -- alone, not by what another bucket's pass has already done, so that no two passes can both believe to be first.
  :channel::channel = 'email' and u.email_hash is not null and exists (
    select from users as o
    where o.email_hash = u.email_hash and o.id < u.id and exists (
      select from users as u where u.id = o.id and (__AUDIENCE__)))
from users as u
where u.id >= :fromId::bigint and u.id < :toId::bigint and (__AUDIENCE__)
  and not exists (
    select from deliveries as d
    where d.month = :month::date and d.run_id = :runId::bigint and d.user_id = u.id
      and d.channel = :channel::channel and d.entry = 0)
