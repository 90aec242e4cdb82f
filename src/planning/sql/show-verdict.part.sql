-- reads: decided (of decide-pool)
-- The verdict on one user with every gate beside it, for explain.
select e.state, e.why as reason, e.over_budget as "overBudget", coalesce(e.below_price, false) as "belowPrice", e.in_audience as "inAudience", e.global_holdout as "globalHoldout",
  e.suppressed_address as "suppressedAddress", e.unsubscribed, e.no_device as "noDevice",
  e.permission_denied as "permissionDenied", e.stale_device as "staleDevice", e.no_email as "noEmail",
  e.duplicate_address as "duplicateAddress", e.local_time_passed as "localTimePassed", e.expired, e.quiet_until as "quietUntil", e.gap_free_at as "gapFreeAt",
  e.cap_free_at as "capFreeAt", coalesce(e.cap, e.reserve_cap) as cap, e.reserve_free_at as "reserveFreeAt",
  e.reserve_campaign_id as "reserveCampaignId", e.held_out as "heldOut", e.variant, e.free_at as "freeAt",
  coalesce(k.messages, 0)::integer as "messagesIn7d", e.zone,
  case when e.net_worth is not null then jsonb_build_object('segment', e.worth_segment, 'messages', e.heard_messages,
    'opens', e.heard_opens, 'conversions', e.heard_conversions, 'incrementality', e.incrementality, 'conversionRate', e.conversion_rate,
    'openRate', e.open_rate, 'value', e.conversion_value, 'conversionGain', e.conversion_gain, 'openGain', e.open_gain,
    'hazard', e.hazard, 'keepValue', e.keep_value, 'cost', e.message_cost, 'netWorth', e.net_worth, 'price', :price::float8) end as worth
from decided as e
__COUNTED__
