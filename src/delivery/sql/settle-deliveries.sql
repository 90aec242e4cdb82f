-- The outcomes of a slice, once each: sent, failed, suppressed, deferred or unknown; and the tokens that the provider called gone, if
-- they still belong to the user they were sent to. Closes the slice: `closed` false means that the reaper was here first, or an earlier
-- try of ours; then whatever of the slice went back into the queue may be on its way under another slice, and only what is known to
-- have arrived is still news: a row that was called unknown becomes sent. No other settled row ever changes. A settlement is taken in
-- the database's time, after the provider's answer, and never moves backwards, so the cap holds on the provider's own log.
-- reads: run_variants   writes: slices, deliveries, devices
with closed as (
  update slices as s set closed_at = clock_timestamp() where s.id = :sliceId::bigint and s.closed_at is null returning s.id),
ours as materialized (
  select count(*) > 0 as closed from closed),
gone as (
  delete from devices as d
  using ours as w, unnest(:deadUserIds::bigint[], :deadTokens::text[]) as o (user_id, token)
  where w.closed and d.user_id = o.user_id and d.token = o.token),
written as (
  update deliveries as d
  set state = o.state::delivery_state, reason = o.reason::delivery_reason,
      settled_at = greatest(d.settled_at, t.now), free_at = o.free_at,
      counted_at = case when o.state in ('sent', 'unknown') and d.counted_at is not null then t.now end,
      chunk_id = case when o.state = 'deferred' then null else d.chunk_id end,
      -- What was sent, where a paused campaign got another template after the decision.
      template_version = coalesce((select v.template_version from run_variants as v where v.run_id = d.run_id and v.variant = d.variant),
        d.template_version)
  from ours as w, (select coalesce(:now::timestamptz, clock_timestamp()) as now) as t,
    unnest(:userIds::bigint[], :ids::bigint[], :states::text[], :reasons::text[], :freeAts::timestamptz[])
      as o (user_id, id, state, reason, free_at)
  where d.month = :month::date and d.user_id = o.user_id and d.id = o.id and (w.closed or o.state = 'sent')
    and (d.state = 'queued' or (d.state = 'unknown' and o.state = 'sent'))
  returning d.id)
select w.closed, (select count(*) from written)::integer as settled from ours as w;
