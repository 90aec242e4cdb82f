-- What a report says about its campaign. timezone null: the settings' one.
-- reads: campaigns, topics, runs
select c.id::text as id, c.name, c.status, c.channel, c.transactional, c.definition, t.key as topic, c.launched_at as "launchedAt",
  coalesce(:now::timestamptz, clock_timestamp()) as "asOf",
  :runId::bigint is null or exists (
    select from runs as r where r.id = :runId::bigint and r.campaign_id = c.id and r.kind = 'regular') as "runKnown"
from campaigns as c
left join topics as t on t.id = c.topic_id
where c.id = :campaignId::bigint;
