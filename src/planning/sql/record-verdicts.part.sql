-- Writes the verdicts into the ledger, queued ones in chunks of at most 500 with their chunk's row. The rows of a chunk lie apart,
-- one or two in a page, so that a page has room for what a slice settles in it (a HOT update) and is pruned before the next slice. A user whom another pass
-- decided meanwhile is left alone, unless the row is deferred: then this is its next decision.
-- Twin: take-verdicts.part.sql, which only counts.
-- writes: deliveries, chunks, decision_worth
, queued as materialized (
  select v.user_id, (row_number() over (order by v.user_id) - 1) % ceil(count(*) over () / 500.0)::bigint as part from verdicts as v where v.state = 'queued'
),
parts as materialized (
  select q.part, count(*)::integer as size, nextval('chunk_id_seq') as id from queued as q group by q.part
),
opened as (
  insert into chunks (id, month, run_id, wave_id, campaign_id, channel, bucket, lane, size, not_before)
  select t.id, :month::date, :runId::bigint, :waveId::bigint, :campaignId::bigint, :channel::channel,
    (:fromId::bigint >> 14)::integer, case when :transactional::boolean then 0 else 1 end, t.size, :now::timestamptz
  from parts as t
),
written as (
  insert into deliveries as d (month, user_id, run_id, wave_id, campaign_id, entry, chunk_id, due_at, decided_at, expires_at,
    counted_at, free_at, blocking_id, blocking_campaign_id, topic_id, policy_version, template_version, state, reason, channel, variant, cap, messages_in_7d)
  select :month::date, v.user_id, :runId::bigint, :waveId::bigint, :campaignId::bigint, v.entry, t.id, v.due_at,
    :now::timestamptz, v.expires_at,
    case when v.state = 'queued' and not :transactional::boolean then 'infinity'::timestamptz end,
    case when v.state = 'deferred' then v.free_at end,
    case when v.reason in ('minimum_gap', 'frequency_cap', 'outranked') then
      case when v.gap_free_at is not null then v.gap_blocking_id else v.cap_blocking_id end end,
    -- Displacement, on the row that binds both: whose slot it was, and who took it.
    case v.reason
      when 'reserved_for_priority' then v.reserve_campaign_id
      when 'outranked' then case when v.gap_free_at is not null then v.gap_blocking_campaign_id
        when v.cap_free_at is not null then v.cap_blocking_campaign_id else v.reserve_campaign_id end end,
    :topicId::integer, :policyVersion::integer, (:templateVersions::integer[])[v.variant + 1], v.state, v.reason,
    :channel::channel, v.variant,
    case when v.reason in ('frequency_cap', 'outranked', 'reserved_for_priority') and v.gap_free_at is null
      then coalesce(v.cap, v.reserve_cap) end,
    least(v.messages_in_7d, 32767)::smallint
  from verdicts as v
  left join queued as q on q.user_id = v.user_id
  left join parts as t on t.part = q.part
  order by v.user_id
  on conflict (run_id, month, user_id, entry) do update set
    chunk_id = excluded.chunk_id, decided_at = excluded.decided_at, counted_at = excluded.counted_at, free_at = excluded.free_at,
    blocking_id = excluded.blocking_id, blocking_campaign_id = excluded.blocking_campaign_id, topic_id = excluded.topic_id, policy_version = excluded.policy_version,
    template_version = excluded.template_version, state = excluded.state, reason = excluded.reason, variant = excluded.variant,
    cap = excluded.cap, messages_in_7d = excluded.messages_in_7d
    where d.state = 'deferred'
)
, terms as (
  -- Of everybody who came as far as the gate, sent or not: this row is the explanation.
  insert into decision_worth as e (month, user_id, run_id, campaign_id, channel, entry, decided_at, segment, messages, opens, conversions,
    incrementality, conversion_rate, open_rate, conversion_value, conversion_gain, open_gain, hazard, keep_value, cost, net_worth)
  select :month::date, v.user_id, :runId::bigint, :campaignId::bigint, :channel::channel, v.entry, :now::timestamptz, v.worth_segment,
    v.heard_messages, v.heard_opens, v.heard_conversions, v.incrementality, v.conversion_rate, v.open_rate, v.conversion_value,
    v.conversion_gain, v.open_gain, v.hazard, v.keep_value, v.message_cost, v.net_worth
  from verdicts as v
  where v.net_worth is not null and (v.reason is null or v.reason = 'not_worth_it')
  order by v.user_id
  on conflict (user_id, month, run_id, channel, entry) do update set
    decided_at = excluded.decided_at, segment = excluded.segment, messages = excluded.messages, opens = excluded.opens,
    conversions = excluded.conversions, incrementality = excluded.incrementality, conversion_rate = excluded.conversion_rate,
    open_rate = excluded.open_rate, conversion_value = excluded.conversion_value, conversion_gain = excluded.conversion_gain,
    open_gain = excluded.open_gain, hazard = excluded.hazard, keep_value = excluded.keep_value, cost = excluded.cost,
    net_worth = excluded.net_worth
)
select t.id::text as "chunkId" from parts as t
