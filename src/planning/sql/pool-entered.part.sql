-- Whose entry into a triggered campaign is due, with whether they are in its audience; of several entries of one user the first.
-- reads: users, trigger_entries, events
select distinct on (u.id) u.id, u.user_id, u.email_hash, u.email is not null, coalesce(u.zone, :defaultZone::text),
  coalesce((__AUDIENCE__), false), false, e.id, e.due_at, e.expires_at
from trigger_entries as e
join users as u on u.id = e.user_id
where e.campaign_id = :campaignId::bigint and e.decided_at is null and e.due_at <= :now::timestamptz
  and date_trunc('day', e.due_at, 'UTC') = :scheduledFor::timestamptz
  and (e.user_id >> 14) = (:fromId::bigint >> 14) and e.user_id >= :fromId::bigint and e.user_id < :toId::bigint
  and (:only::bigint[] is null or e.user_id = any (:only::bigint[]))
  and not exists (
    select from events as v
    where v.user_id = e.user_id and v.name = :unless::text and v.occurred_at > e.entered_at and v.occurred_at <= :now::timestamptz)
order by u.id, e.due_at, e.id
-- After DISTINCT: so many users.
limit :poolLimit::integer
