-- How many messages of a campaign were sent since it was last paused for its opt-outs, counted up to a limit and no further.
-- reads: campaigns, deliveries, runs
select count(*)::integer as sent
from (
  select from campaigns as c
  join deliveries as d on d.campaign_id = c.id and d.state = 'sent' and d.settled_at > coalesce(c.guarded_from, '-infinity')
  join runs as r on r.id = d.run_id and r.kind = 'regular'
  where c.id = :id::bigint
  limit :limit::integer) as m;
