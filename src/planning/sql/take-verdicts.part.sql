-- Counts the verdicts and remembers in a temporary table what they took, so that the next campaign of the pass sees it. The
-- ledger is neither written nor locked. Twin: record-verdicts.part.sql.
-- writes: pass_taken (temporary)
, taken as (
  insert into pass_taken (user_id, wave_id, campaign_id, channel, topic_id)
  select v.user_id, :waveId::bigint, :campaignId::bigint, :channel::channel, :topicId::integer
  from verdicts as v
  where v.state = 'queued' and not :transactional::boolean
)
select v.state, v.reason, v.variant, least(v.messages_in_7d, 50)::integer as "messagesIn7d", count(*)::integer as n,
  min(v.free_at) as "freeFrom", coalesce(sum(v.net_worth), 0)::float8 as "netWorth",
  count(*) filter (where v.reason = 'outranked' and exists (
    select from pass_taken as t where t.user_id = v.user_id and t.wave_id = :subjectWave::bigint))::integer as displaced
from verdicts as v
group by v.state, v.reason, v.variant, least(v.messages_in_7d, 50)
