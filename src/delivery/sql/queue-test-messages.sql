-- Queues the test messages in one chunk of the fast lane. They count nowhere: counted_at stays null.
-- reads: users, runs, run_variants   writes: deliveries, chunks, waves
with run as (
  select r.id, r.month, r.campaign_id, r.scheduled_for, r.expires_at, c.channel, c.topic_id
  from runs as r join campaigns as c on c.id = r.campaign_id
  where r.id = :runId::bigint),
wave as (
  insert into waves (run_id, campaign_id, due_at, decided_at)
  select r.id, r.campaign_id, r.scheduled_for, r.scheduled_for from run as r
  returning id),
chunk as (
  insert into chunks (month, run_id, wave_id, campaign_id, channel, bucket, lane, size, not_before)
  select r.month, r.id, w.id, r.campaign_id, r.channel, 0, 0, cardinality(:userIds::text[]), r.scheduled_for from run as r, wave as w
  returning id),
written as (
  insert into deliveries as d (month, user_id, run_id, wave_id, campaign_id, chunk_id, due_at, decided_at, expires_at, topic_id,
    policy_version, template_version, state, channel, variant)
  select :month::date, u.id, r.id, w.id, r.campaign_id, k.id, r.scheduled_for, r.scheduled_for, r.expires_at, r.topic_id,
    0, v.template_version, 'queued', r.channel, v.variant
  from run as r, wave as w, chunk as k, unnest(:userIds::text[], :variants::smallint[]) as o (user_id, variant)
  join users as u on u.user_id = o.user_id
  join run_variants as v on v.run_id = :runId::bigint and v.variant = o.variant
  returning d.id, d.user_id, d.chunk_id)
select t.id, t.user_id as "internalId", u.user_id as "userId", t.chunk_id::bigint as "chunkId"
from written as t join users as u on u.id = t.user_id
order by t.id;
