-- Of record-verdicts.part.sql, for campaigns that ask for worth: the terms of everybody who came as far as the gate, sent or not. This
-- row is the explanation.
-- writes: decision_worth
, terms as (
  insert into decision_worth as e (month, user_id, run_id, campaign_id, channel, entry, decided_at, segment, messages, opens, conversions,
    incrementality, conversion_rate, open_rate, conversion_value, conversion_gain, open_gain, hazard, keep_value, cost, net_worth, price)
  select :month::date, v.user_id, :runId::bigint, :campaignId::bigint, :channel::channel, v.entry, :now::timestamptz, v.worth_segment,
    v.heard_messages, v.heard_opens, v.heard_conversions, v.incrementality, v.conversion_rate, v.open_rate, v.conversion_value,
    v.conversion_gain, v.open_gain, v.hazard, v.keep_value, v.message_cost, v.net_worth, :price::float8
  from verdicts as v
  where v.net_worth is not null and (v.reason is null or v.reason in ('not_worth_it', 'budget_spent'))
  order by v.user_id
  __AGAIN__
)
