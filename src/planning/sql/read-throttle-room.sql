-- How many more a throttled campaign may hold reserved. Its own statement after the campaign's lock, like the history of a bucket.
-- reads: campaigns, chunks
select greatest(0, :minutes::integer * (c.definition ->> 'throttlePerMinute')::integer - (
  select coalesce(sum(k.size), 0) from chunks as k where k.campaign_id = c.id and k.closed_at is null))::integer as room
from campaigns as c
where c.id = :campaignId::bigint;
