-- Everything that is due for a bucket's users, in rank order, ticked or not; with the instant of the decision, taken here,
-- after the lock. Milliseconds, because that is what travels through the planner unharmed.
-- room: how many more requests a throttled campaign may hold reserved, 15 minutes of its throttle in all; null without a throttle.
-- reads: waves, runs, run_variants, campaigns, topics, wave_buckets, deliveries, trigger_entries, chunks, engine_state
with instant as materialized (
  select date_trunc('milliseconds', coalesce(:now::timestamptz, clock_timestamp())) as now
),
freed as materialized (
  select distinct d.wave_id
  from deliveries as d, instant as i
  where d.state = 'deferred' and d.free_at <= i.now and d.user_id >= :fromId::bigint and d.user_id < :toId::bigint
),
entered as materialized (
  select distinct e.campaign_id, date_trunc('day', e.due_at, 'UTC') as day
  from trigger_entries as e, instant as i
  where (e.user_id >> 14) = :bucket::integer and e.decided_at is null and e.due_at <= i.now
)
select i.now, w.id as "waveId", r.id as "runId", c.id as "campaignId", r.month::text as month, w.due_at as "dueAt",
  coalesce(w.expires_at, r.expires_at) as "expiresAt",
  r.scheduled_for as "scheduledFor", r.local_at as "localAt", c.topic_id as "topicId", t.key as "topicKey", c.definition, c.salt,
  w.zones, w.slot, w.passed,
  array(select v.template_version from run_variants as v where v.run_id = r.id order by v.variant) as "templateVersions",
  w.slot is not null and not exists (
    select from waves as l where l.run_id = w.run_id and l.zones && w.zones and l.slot > w.slot) as "lastSlot",
  f.wave_id is not null as freed, e.campaign_id is not null as entered,
  w.decided_at is null and not exists (
    select from wave_buckets as b where b.wave_id = w.id and b.bucket = :bucket::integer and b.decided_at is not null) as fresh,
  case when c.definition ? 'throttlePerMinute' and coalesce(w.expires_at, r.expires_at) >= i.now
    then 15 * (c.definition ->> 'throttlePerMinute')::integer - (
      select coalesce(sum(coalesce(k.requests, k.size)), 0) from chunks as k where k.campaign_id = c.id and k.closed_at is null)::integer end as room
from instant as i
join waves as w on w.due_at <= i.now
join runs as r on r.id = w.run_id
join campaigns as c on c.id = w.campaign_id
left join topics as t on t.id = c.topic_id
left join freed as f on f.wave_id = w.id
left join entered as e on e.campaign_id = c.id and e.day = r.scheduled_for
where c.status in ('scheduled', 'running') and r.kind = 'regular'
  and (w.decided_at is null or f.wave_id is not null or e.campaign_id is not null)
  and (select e.stopped_at is null from engine_state as e)
order by c.priority desc, c.id, w.due_at, w.id;
