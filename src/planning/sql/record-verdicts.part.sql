-- Writes the verdicts into the ledger, queued ones in chunks of at most 500 with their chunk's row. The rows of a chunk lie apart,
-- one or two in a page where nearly everybody is queued, so that a page has room for what a slice settles in it (a HOT update) and is
-- pruned before the next slice.
-- Undecided users have no row, under the bucket's lock: a plain INSERT, half as dear as one that looks for a conflict first. Deferred
-- rows are decided again (decide-again.part.sql). What is queued goes into pass_history, for the next wave of the pass to see.
-- Twin: take-verdicts.part.sql, which only counts.
-- writes: deliveries, chunks, pass_history (temporary)
, verdicts as (
  select d.user_id, d.entry, d.due_at, d.expires_at, d.state, d.why as reason, d.free_at, d.variant, d.messages,
    case when d.why in ('minimum_gap', 'frequency_cap', 'outranked') then
      case when d.gap_free_at is not null then d.gap_blocking_id else d.cap_blocking_id end end as blocking_id,
    -- Displacement, on the row that binds both: whose slot it was, and who took it.
    case d.why
      when 'reserved_for_priority' then d.reserve_campaign_id
      when 'outranked' then case when d.gap_free_at is not null then d.gap_blocking_campaign_id
        when d.cap_free_at is not null then d.cap_blocking_campaign_id else d.reserve_campaign_id end end as blocking_campaign_id,
    case when d.why in ('frequency_cap', 'outranked', 'reserved_for_priority') and d.gap_free_at is null
      then coalesce(d.cap, d.reserve_cap) end as cap
  from decided as d
  -- A fence: the state is asked for twice below, and its hash would be computed twice.
  offset 0
),
-- In the order in which they are written, sorted and numbered once; nth: its place among those queued.
numbered as materialized (
  select v.*, nextval('delivery_id_seq') as id,
    count(*) filter (where v.state = 'queued') over (order by v.user_id rows unbounded preceding) as nth
  from verdicts as v
),
chunked as materialized (
  select count(*)::integer as queued, ceil(count(*) / 500.0)::integer as parts from numbered as n where n.state = 'queued'
),
parts as materialized (
  select s.part, (c.queued - s.part + c.parts - 1) / c.parts as size, nextval('chunk_id_seq') as id
  from chunked as c
  cross join generate_series(0, c.parts - 1) as s (part)
),
opened as (
  insert into chunks (id, month, run_id, wave_id, campaign_id, channel, bucket, lane, size, not_before)
  select t.id, :month::date, :runId::bigint, :waveId::bigint, :campaignId::bigint, :channel::channel,
    (:fromId::bigint >> 14)::integer, case when :transactional::boolean then 0 else 1 end, t.size, :now::timestamptz
  from parts as t
),
everybody as (
  select v.user_id, v.entry, v.due_at, v.expires_at, v.state, v.reason, v.free_at, v.variant, v.blocking_id, v.blocking_campaign_id, v.cap, v.messages, v.id, v.nth
  from numbered as v
  __BARRED__
),
written as (
  insert into deliveries as d (month, user_id, id, run_id, wave_id, campaign_id, entry, chunk_id, due_at, decided_at, expires_at,
    counted_at, free_at, blocking_id, blocking_campaign_id, topic_id, policy_version, template_version, state, reason, channel, variant, cap, messages_in_7d)
  select :month::date, e.user_id, e.id, :runId::bigint, :waveId::bigint, :campaignId::bigint, nullif(e.entry, 0),
    case when e.state = 'queued' then
      (select array_agg(t.id order by t.part) from parts as t)[((e.nth - 1) % (select c.parts from chunked as c))::integer + 1] end, e.due_at, :now::timestamptz, e.expires_at,
    case when e.state = 'queued' and not :transactional::boolean then 'infinity'::timestamptz end,
    case when e.state = 'deferred' then e.free_at end,
    e.blocking_id, e.blocking_campaign_id,
    :topicId::integer, :policyVersion::integer, (:templateVersions::integer[])[e.variant + 1], e.state, e.reason,
    :channel::channel, e.variant,
    e.cap,
    least(coalesce(k.messages, 0), 32767)::smallint
  from everybody as e
  __COUNTED__
  order by e.user_id
  __AGAIN__
  __RETURNING__
),
taken as (
  insert into pass_history (user_id, id, campaign_id, wave_id, channel, topic_id, at, this_pass)
  select w.user_id, w.id, :campaignId::bigint, :waveId::bigint, :channel::channel, :topicId::integer, :now::timestamptz, true
  from __TAKEN__ as w
  where w.state = 'queued' and not :transactional::boolean
)
__TERMS__
select t.id::text as "chunkId", t.size from parts as t
