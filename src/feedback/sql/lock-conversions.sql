-- Crediting reads messages and events that other transactions may be about to write: an event's transaction does not see the
-- open that is being reported, nor the other way round, and the credit would miss it for ever. Whoever writes either takes the
-- user's stripe before it credits, and credits in the next statement, whose snapshot comes after the lock.
-- 128 stripes, in order: a lock for each user of a batch would run the shared lock table full.
-- reads: nothing but its parameters
-- reads: nothing (advisory locks)
select pg_advisory_xact_lock(hashtext('conversions'), s.stripe)
from (select distinct (u.user_id % 128)::integer as stripe from unnest(:userIds::bigint[]) as u (user_id) order by 1) as s;
