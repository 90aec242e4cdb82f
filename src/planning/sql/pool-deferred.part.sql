-- Whose deferred row of the run has come free: decided again from the first gate, in the audience as it stands now. Of several
-- entries of one user the first; the others follow.
-- reads: users, deliveries, trigger_entries, events
select distinct on (u.id) u.id, u.user_id, u.email_hash, u.email is not null, coalesce(u.zone, :defaultZone::text),
  -- Whose entry an event has taken back while it waited is no longer whom the campaign is about.
  coalesce((__AUDIENCE__), false) and not exists (
    select from trigger_entries as e
    join events as v on v.user_id = e.user_id and v.name = :unless::text and v.occurred_at > e.entered_at and v.occurred_at <= :now::timestamptz
    where e.user_id = u.id and e.id = d.entry),
  __DUPLICATE_ADDRESS__,
  coalesce(d.entry, 0), d.due_at, d.expires_at
from deliveries as d
join users as u on u.id = d.user_id
where d.month = :month::date and d.run_id = :runId::bigint and d.channel = :channel::channel
  and d.user_id >= :fromId::bigint and d.user_id < :toId::bigint
  and (:only::bigint[] is null or d.user_id = any (:only::bigint[]))
  and d.state = 'deferred' and d.free_at <= :now::timestamptz
order by u.id, d.entry
-- After DISTINCT: so many users.
limit :poolLimit::integer
