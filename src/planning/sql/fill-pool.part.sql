-- Everybody into the pool. After first-gates.part.sql; twin: split-pool.part.sql.
-- writes: pass_pool (temporary)
insert into pass_pool (user_id, client_id, in_audience, zone, entry, due_at, expires_at, quiet_until, bar__FLAG_NAMES__)
select m.user_id, m.client_id, m.in_audience, m.zone, m.entry, m.due_at, m.expires_at, m.quiet_until, m.bar__FLAGS__
from met as m
