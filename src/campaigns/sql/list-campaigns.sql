-- Campaigns, newest first; from and to (exclusive) by the due instant of an occurrence, of a draft by the one it asks for. A recurrence by
-- each user's own time is scheduled for when it begins on earth, and due where its people are first: at most 26 hours later.
-- reads: campaigns, runs, waves
select c.id, c.name, c.status, c.resume_status as "resumeStatus", c.channel, c.transactional, c.topic_id as "topicId", c.priority,
  c.definition, c.salt, c.status_reason as "statusReason", c.created_at as "createdAt", c.updated_at as "updatedAt",
  c.launched_at as "launchedAt", c.completed_at as "completedAt",
  coalesce(f.due_at, rfc3339_instant(c.definition -> 'schedule' -> 'at')) as "dueAt"
from campaigns as c
left join lateral (
  select coalesce(case when r.local_at is not null then (select min(w.due_at) from waves as w where w.run_id = r.id and not w.passed) end, r.scheduled_for) as due_at
  from runs as r
  where r.campaign_id = c.id and r.kind = 'regular'
  order by r.scheduled_for
  limit 1) as f on true
left join lateral (
  select true as within
  from runs as r
  cross join lateral (
    select coalesce(case when r.local_at is not null then (select min(w.due_at) from waves as w where w.run_id = r.id and not w.passed) end, r.scheduled_for) as at
    offset 0) as u
  where r.campaign_id = c.id and r.kind = 'regular'
    and (:from::timestamptz is null or r.scheduled_for >= :from::timestamptz - interval '26 hours' and u.at >= :from::timestamptz)
    and (:to::timestamptz is null or r.scheduled_for < :to::timestamptz and u.at < :to::timestamptz)
  limit 1) as d on true
where (:before::bigint is null or c.id < :before)
  and (:status::campaign_status is null or c.status = :status)
  and (:tag::text is null or jsonb_exists(c.definition -> 'tags', :tag))
  and (:from::timestamptz is null and :to::timestamptz is null
    or d.within or f.due_at is null and coalesce((rfc3339_instant(c.definition -> 'schedule' -> 'at') >= coalesce(:from, '-infinity')
      and rfc3339_instant(c.definition -> 'schedule' -> 'at') < coalesce(:to, 'infinity')), false))
order by c.id desc
limit :limit::integer;
