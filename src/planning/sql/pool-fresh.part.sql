-- Who a wave is about, evaluated afresh: everybody of the bucket in its audience whom the run has not decided on yet.
-- reads: users, deliveries
select u.id as user_id, u.user_id as client_id, u.email_hash, u.email is not null as has_email,
  coalesce(u.zone, :defaultZone::text) as zone, true as in_audience
from users as u
where u.id >= :fromId::bigint and u.id < :toId::bigint and (__AUDIENCE__)
  and not exists (
    select from deliveries as d
    where d.month = :month::date and d.run_id = :runId::bigint and d.user_id = u.id
      and d.channel = :channel::channel and d.entry = 0)
