-- A message in doubt is known to have left once its phone, its reader or its mail server speaks of it. It becomes sent where it
-- stands: settled_at is never moved back, and counted_at is kept, because the promise of the cap was given at that instant.
-- writes: deliveries
with ref as (
  select r.month, r.user_id, r.id
  from unnest(:months::date[], :userIds::bigint[], :ids::bigint[]) as r (month, user_id, id)),
doubtful as (
  select d.month, d.user_id, d.id
  from deliveries as d join ref using (month, user_id, id)
  where d.state = 'unknown'
  order by d.month, d.user_id, d.id
  for no key update of d)
update deliveries as d
set state = 'sent', reason = null,
    settled_at = coalesce(d.settled_at, :now::timestamptz, clock_timestamp())
from doubtful as x
where d.month = x.month and d.user_id = x.user_id and d.id = x.id
returning d.id::text as id;
