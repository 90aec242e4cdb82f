-- Who a wave is about, evaluated afresh: everybody of the bucket (and of the wave's zones) in its audience whom the run has not
-- decided on yet; of a recurrence, whom it may reach again.
-- reads: users, deliveries, runs
select u.id, u.user_id, u.email_hash, u.email is not null, coalesce(u.zone, :defaultZone::text), true,
  __DUPLICATE_ADDRESS__,
  0, :dueAt::timestamptz, :expiresAt::timestamptz
from users as u
where u.id >= :fromId::bigint and u.id < :toId::bigint
  -- COALESCE asks user by user. As a join the planner may walk a segment from its first member on, however far up the bucket's users are.
  and coalesce((__AUDIENCE__), false)
  and (:only::bigint[] is null or u.id = any (:only::bigint[]))
  and (:zones::text[] is null or coalesce(u.zone, :defaultZone::text) = any (:zones::text[]))
  and not exists (
    select from deliveries as d
    where d.month = :month::date and d.run_id = :runId::bigint and d.user_id = u.id and d.entry is null
      and d.user_id >= :fromId::bigint and d.user_id < :toId::bigint)
  -- By the wall time of the occurrences: a day of 23 hours is a day, and a message that left late delays no later one.
  and (:reentryAfter::timestamptz is null or not exists (
    select from deliveries as d
    join runs as r on r.id = d.run_id
    where d.user_id = u.id and d.campaign_id = :campaignId::bigint and d.state not in ('suppressed', 'failed')
      and r.kind = 'regular' and r.id <> :runId::bigint and r.local_at > :reentryAfter::timestamptz))
  __NARROW__
order by u.id
limit :poolLimit::integer
