-- Whose deferred row of the run has come free: decided again from the first gate, in the audience as it stands now.
-- reads: users, deliveries
select u.id as user_id, u.user_id as client_id, u.email_hash, u.email is not null as has_email,
  coalesce(u.zone, :defaultZone::text) as zone, (__AUDIENCE__) as in_audience
from deliveries as d
join users as u on u.id = d.user_id
where d.month = :month::date and d.run_id = :runId::bigint and d.channel = :channel::channel and d.entry = 0
  and d.user_id >= :fromId::bigint and d.user_id < :toId::bigint
  and d.state = 'deferred' and d.free_at <= :now::timestamptz
