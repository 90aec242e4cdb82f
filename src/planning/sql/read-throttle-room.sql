-- How many more requests of a throttled campaign may stand reserved. Its own statement after the campaign's lock, like the history of a bucket.
-- reads: campaigns, chunks
select greatest(0, :minutes::integer * (c.definition ->> 'throttlePerMinute')::integer - (
  select coalesce(sum(coalesce(k.requests, k.size)), 0) from chunks as k where k.campaign_id = c.id and k.closed_at is null))::integer as room
from campaigns as c
where c.id = :campaignId::bigint;
