-- What the messages that would be sent are worth, for the price of a budget; null of a campaign that does not ask for worth. Remembers
-- what they took, as take-verdicts.part.sql.
-- writes: pass_history (temporary)
, verdicts as materialized (
  select d.user_id, d.state, d.net_worth from decided as d
),
taken as (
  insert into pass_history (user_id, campaign_id, wave_id, channel, topic_id, at, this_pass)
  select v.user_id, :campaignId::bigint, :waveId::bigint, :channel::channel, :topicId::integer, :now::timestamptz, true
  from verdicts as v
  where v.state = 'queued' and not :transactional::boolean
)
select v.net_worth as "netWorth", count(*)::integer as messages
from verdicts as v
where v.state = 'queued'
group by v.net_worth
