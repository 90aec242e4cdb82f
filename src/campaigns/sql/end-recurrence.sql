-- No further occurrence is to come.
-- writes: recurrences
update recurrences as q set next_at = null where q.campaign_id = :campaignId::bigint;
