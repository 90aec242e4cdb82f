-- Of record-verdicts.part.sql, for campaigns that ask for worth: the terms of everybody who came as far as the gate, sent or not. This
-- row is the explanation.
-- reads: priced (of price-pool)   writes: decision_worth
, terms as (
  insert into decision_worth as e (month, user_id, run_id, campaign_id, channel, entry, decided_at, segment, messages, opens, conversions,
    incrementality, conversion_rate, open_rate, conversion_value, conversion_gain, open_gain, hazard, keep_value, cost, net_worth, price)
  select :month::date, v.user_id, :runId::bigint, :campaignId::bigint, :channel::channel, v.entry, :now::timestamptz, w.worth_segment,
    w.heard_messages, w.heard_opens, w.heard_conversions, w.incrementality, w.conversion_rate, w.open_rate, w.conversion_value,
    w.conversion_gain, w.open_gain, w.hazard, w.keep_value, w.message_cost, w.net_worth, :price::float8
  from numbered as v
  join priced as w on w.user_id = v.user_id
  where w.net_worth is not null and (v.reason is null or v.reason in ('not_worth_it', 'budget_spent'))
  order by v.user_id
  __AGAIN__
)
