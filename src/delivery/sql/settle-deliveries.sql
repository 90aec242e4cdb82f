-- The outcome of deliveries, once each: sent, failed, suppressed, deferred or unknown. A row that the reaper has meanwhile
-- called unknown becomes sent by the late answer (of a slice that is no longer open only these are passed here); no other
-- settled row ever changes. A settlement is taken in the database's
-- time, after the provider's answer, and never moves backwards, so the cap holds on the provider's own log.
-- reads: run_variants   writes: deliveries
update deliveries as d
set state = o.state::delivery_state, reason = o.reason::delivery_reason,
    settled_at = greatest(d.settled_at, t.now), free_at = o.free_at,
    counted_at = case when o.state in ('sent', 'unknown') and d.counted_at is not null then t.now end,
    chunk_id = case when o.state = 'deferred' then null else d.chunk_id end,
    -- What was sent, where a paused campaign got another template after the decision.
    template_version = coalesce((select v.template_version from run_variants as v where v.run_id = d.run_id and v.variant = d.variant),
      d.template_version)
from (select coalesce(:now::timestamptz, clock_timestamp()) as now) as t,
  unnest(:userIds::bigint[], :ids::bigint[], :states::text[], :reasons::text[], :freeAts::timestamptz[])
    as o (user_id, id, state, reason, free_at)
where d.month = :month::date and d.user_id = o.user_id and d.id = o.id
  and (d.state = 'queued' or (d.state = 'unknown' and o.state = 'sent'))
returning d.id, d.state;
