-- Everything that is due for a bucket's users, in rank order, ticked or not; with the instant of the decision, taken here,
-- after the lock. Milliseconds, because that is what travels through the planner unharmed.
-- reads: waves, runs, campaigns, topics, wave_buckets, deliveries, engine_state
with instant as materialized (
  select date_trunc('milliseconds', coalesce(:now::timestamptz, clock_timestamp())) as now
),
freed as materialized (
  select distinct d.wave_id
  from deliveries as d, instant as i
  where d.state = 'deferred' and d.free_at <= i.now and d.user_id >= :fromId::bigint and d.user_id < :toId::bigint
)
select i.now, w.id as "waveId", r.id as "runId", c.id as "campaignId", r.month::text as month, w.due_at as "dueAt",
  r.expires_at as "expiresAt", c.topic_id as "topicId", t.key as "topicKey", c.definition, c.salt,
  f.wave_id is not null as freed,
  w.decided_at is null and not exists (
    select from wave_buckets as b where b.wave_id = w.id and b.bucket = :bucket::integer and b.decided_at is not null) as fresh
from instant as i
join waves as w on w.due_at <= i.now
join runs as r on r.id = w.run_id
join campaigns as c on c.id = w.campaign_id
left join topics as t on t.id = c.topic_id
left join freed as f on f.wave_id = w.id
where c.status in ('scheduled', 'running') and r.kind = 'regular' and (w.decided_at is null or f.wave_id is not null)
  and (select e.stopped_at is null from engine_state as e)
order by c.priority desc, c.id, w.id;
