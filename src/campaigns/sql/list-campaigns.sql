-- Campaigns, newest first; from and to (exclusive) by the due instant of an occurrence, of a draft by the one it asks for.
-- reads: campaigns, runs
select c.id, c.name, c.status, c.resume_status as "resumeStatus", c.channel, c.transactional, c.topic_id as "topicId", c.priority,
  c.definition, c.salt, c.status_reason as "statusReason", c.created_at as "createdAt", c.updated_at as "updatedAt",
  c.launched_at as "launchedAt", c.completed_at as "completedAt",
  coalesce(d.first, rfc3339_instant(c.definition -> 'schedule' -> 'at')) as "dueAt"
from campaigns as c
left join lateral (
  select min(r.scheduled_for) as first,
    bool_or((:from::timestamptz is null or r.scheduled_for >= :from) and (:to::timestamptz is null or r.scheduled_for < :to)) as within
  from runs as r
  where r.campaign_id = c.id and r.kind = 'regular') as d on true
where (:before::bigint is null or c.id < :before)
  and (:status::campaign_status is null or c.status = :status)
  and (:tag::text is null or jsonb_exists(c.definition -> 'tags', :tag))
  and (:from::timestamptz is null and :to::timestamptz is null
    or coalesce(d.within, (rfc3339_instant(c.definition -> 'schedule' -> 'at') >= coalesce(:from, '-infinity')
      and rfc3339_instant(c.definition -> 'schedule' -> 'at') < coalesce(:to, 'infinity')), false))
order by c.id desc
limit :limit::integer;
