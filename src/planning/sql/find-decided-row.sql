-- The ledger's row for a user and campaign: of the run that is asked for, else the latest; with whether a slice is on its way.
-- reads: users, deliveries, runs, slices, campaigns, decision_worth
select u.id as "internalId", d.id, d.run_id::bigint as "runId", d.wave_id::bigint as "waveId", r.month::text as month, d.due_at as "dueAt",
  d.decided_at as "decidedAt", d.expires_at as "expiresAt", d.state, d.reason, d.cap, d.free_at as "freeAt",
  d.policy_version as "policyVersion", d.template_version as "templateVersion",
  coalesce(d.blocking_campaign_id, b.campaign_id)::bigint as "blockingCampaignId", d.blocking_id as "blockingId", b.month::text as "blockingMonth",
  case when e.net_worth is not null then jsonb_build_object('segment', e.segment, 'messages', e.messages, 'opens', e.opens,
    'conversions', e.conversions, 'incrementality', e.incrementality, 'conversionRate', e.conversion_rate, 'openRate', e.open_rate,
    'value', e.conversion_value, 'conversionGain', e.conversion_gain, 'openGain', e.open_gain, 'hazard', e.hazard,
    'keepValue', e.keep_value, 'cost', e.cost, 'netWorth', e.net_worth, 'price', e.price) end as worth,
  exists (select from slices as s where s.chunk_id = d.chunk_id and s.closed_at is null and d.id between s.first_id and s.last_id) as sending
from users as u
left join lateral (
  select d.* from deliveries as d
  join runs as o on o.id = d.run_id and o.kind = 'regular'
  where d.user_id = u.id and d.campaign_id = :campaignId::bigint and (:runId::bigint is null or d.run_id = :runId::bigint)
  order by d.decided_at desc, d.id desc
  limit 1) as d on true
left join runs as r on r.id = d.run_id
left join decision_worth as e on e.user_id = d.user_id and e.month = d.month and e.run_id = d.run_id and e.channel = d.channel and e.entry = coalesce(d.entry, 0)
left join lateral (
  select x.campaign_id, x.month from deliveries as x where x.user_id = u.id and x.id = d.blocking_id limit 1) as b on true
where u.user_id = :userId;
