-- Those who are asked of an audience that was split. What all of them have in common is not kept with each. Twin: asked.part.sql.
-- reads: pass_asked
select m.user_id, m.client_id, m.zone, m.quiet_until, m.messages, m.bar, true as in_audience, 0::bigint as entry,
  :dueAt::timestamptz as due_at, :expiresAt::timestamptz as expires_at
from pass_asked as m
