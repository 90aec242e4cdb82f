-- Counts the verdicts and remembers in a temporary table what they took, so that the next campaign of the pass sees it. The
-- ledger is neither written nor locked. Twin: record-verdicts.part.sql.
-- writes: pass_history (temporary)
, verdicts as materialized (
  select d.user_id, d.state, d.why as reason, d.variant, d.free_at, d.net_worth, d.messages from decided as d
),
taken as (
  insert into pass_history (user_id, campaign_id, wave_id, channel, topic_id, at, this_pass)
  select v.user_id, :campaignId::bigint, :waveId::bigint, :channel::channel, :topicId::integer, :now::timestamptz, true
  from verdicts as v
  where v.state = 'queued' and not :transactional::boolean
)
select e.state, e.reason, e.variant, least(coalesce(k.messages, 0), 50)::integer as "messagesIn7d", count(*)::integer as n,
  min(e.free_at) as "freeFrom", coalesce(sum(e.net_worth), 0)::float8 as "netWorth",
  count(*) filter (where e.reason = 'outranked' and exists (
    select from pass_history as t where t.user_id = e.user_id and t.wave_id = :subjectWave::bigint))::integer as displaced
from (
  select v.* from verdicts as v
  __BARRED__) as e
__COUNTED__
group by e.state, e.reason, e.variant, least(coalesce(k.messages, 0), 50)
