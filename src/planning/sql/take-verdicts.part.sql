-- Counts the verdicts and remembers in a temporary table what they took, so that the next campaign of the pass sees it. The
-- ledger is neither written nor locked. Twin: record-verdicts.part.sql.
-- writes: pass_history (temporary)
, verdicts as materialized (
  select d.user_id, d.state, d.why as reason, d.variant, d.messages_in_7d, d.free_at, d.net_worth from decided as d
),
taken as (
  insert into pass_history (user_id, campaign_id, wave_id, channel, topic_id, at, this_pass)
  select v.user_id, :campaignId::bigint, :waveId::bigint, :channel::channel, :topicId::integer, :now::timestamptz, true
  from verdicts as v
  where v.state = 'queued' and not :transactional::boolean
)
select v.state, v.reason, v.variant, least(v.messages_in_7d, 50)::integer as "messagesIn7d", count(*)::integer as n,
  min(v.free_at) as "freeFrom", coalesce(sum(v.net_worth), 0)::float8 as "netWorth",
  count(*) filter (where v.reason = 'outranked' and exists (
    select from pass_history as t where t.user_id = v.user_id and t.wave_id = :subjectWave::bigint))::integer as displaced
from verdicts as v
group by v.state, v.reason, v.variant, least(v.messages_in_7d, 50)
