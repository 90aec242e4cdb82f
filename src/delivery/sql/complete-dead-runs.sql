-- Runs of cancelled campaigns, and of paused ones past their expiry, of which nothing is left to send: the sweeper need not
-- look at them again. A paused run whose waves are undecided stays open: resumed, they are decided as expired. A cancelled one stays
-- open for a minute, because a pass that began before the cancel may still commit: its rows would hold their slots for ever. Passes
-- take 2 s. Twin of this rule: complete-finished-campaigns.sql.
-- reads: campaigns, chunks, deliveries, waves   writes: runs
update runs as r
set completed_at = coalesce(:now::timestamptz, clock_timestamp())
from campaigns as c
where c.id = r.campaign_id and r.completed_at is null
  and (c.status = 'cancelled' and c.updated_at < coalesce(:now::timestamptz, clock_timestamp()) - interval '1 minute'
    or (c.status = 'paused' and r.expires_at < coalesce(:now::timestamptz, clock_timestamp())
    and not exists (select from waves as w where w.run_id = r.id and w.decided_at is null)))
  and not exists (select from chunks as k where k.run_id = r.id and k.closed_at is null)
  and not exists (select from deliveries as d where d.month = r.month and d.run_id = r.id and d.free_at is not null)
returning r.id;
