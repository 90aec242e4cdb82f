-- One campaign; due: its first occurrence, of a draft the one it asks for.
-- reads: campaigns, runs
select c.id, c.name, c.status, c.resume_status as "resumeStatus", c.channel, c.transactional, c.topic_id as "topicId", c.priority,
  c.definition, c.salt, c.status_reason as "statusReason", c.created_at as "createdAt", c.updated_at as "updatedAt",
  c.launched_at as "launchedAt", c.completed_at as "completedAt",
  coalesce((select min(r.scheduled_for) from runs as r where r.campaign_id = c.id and r.kind = 'regular'),
    rfc3339_instant(c.definition -> 'schedule' -> 'at')) as "dueAt"
from campaigns as c
where c.id = :id::bigint;
