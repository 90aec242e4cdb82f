-- reads: decided (of decide-pool)
-- The verdict on one user with every gate beside it, for explain.
select v.state, v.why as reason, v.over_budget as "overBudget", coalesce(v.below_price, false) as "belowPrice", v.in_audience as "inAudience", v.global_holdout as "globalHoldout",
  v.suppressed_address as "suppressedAddress", v.unsubscribed, v.no_device as "noDevice",
  v.permission_denied as "permissionDenied", v.stale_device as "staleDevice", v.no_email as "noEmail",
  v.duplicate_address as "duplicateAddress", v.local_time_passed as "localTimePassed", v.expired, v.quiet_until as "quietUntil", v.gap_free_at as "gapFreeAt",
  v.cap_free_at as "capFreeAt", coalesce(v.cap, v.reserve_cap) as cap, v.reserve_free_at as "reserveFreeAt",
  v.reserve_campaign_id as "reserveCampaignId", v.held_out as "heldOut", v.variant, v.free_at as "freeAt",
  v.messages_in_7d::integer as "messagesIn7d", v.zone,
  case when v.net_worth is not null then jsonb_build_object('segment', v.worth_segment, 'messages', v.heard_messages,
    'opens', v.heard_opens, 'conversions', v.heard_conversions, 'incrementality', v.incrementality, 'conversionRate', v.conversion_rate,
    'openRate', v.open_rate, 'value', v.conversion_value, 'conversionGain', v.conversion_gain, 'openGain', v.open_gain,
    'hazard', v.hazard, 'keepValue', v.keep_value, 'cost', v.message_cost, 'netWorth', v.net_worth, 'price', :price::float8) end as worth
from decided as v
