-- One campaign; due: its first occurrence, where it is due first, of a draft the one it asks for.
-- reads: campaigns, runs, waves
select c.id, c.name, c.status, c.resume_status as "resumeStatus", c.channel, c.transactional, c.topic_id as "topicId", c.priority,
  c.definition, c.salt, c.status_reason as "statusReason", c.created_at as "createdAt", c.updated_at as "updatedAt",
  c.launched_at as "launchedAt", c.completed_at as "completedAt",
  coalesce((
      -- A recurrence by each user's own time is scheduled for when it begins on earth; its people may be of zones in which it comes later.
      select coalesce(case when r.local_at is not null then (select min(w.due_at) from waves as w where w.run_id = r.id and not w.passed) end, r.scheduled_for)
      from runs as r
      where r.campaign_id = c.id and r.kind = 'regular'
      order by r.scheduled_for
      limit 1),
    rfc3339_instant(c.definition -> 'schedule' -> 'at')) as "dueAt"
from campaigns as c
where c.id = :id::bigint;
