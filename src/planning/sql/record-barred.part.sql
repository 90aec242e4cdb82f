-- Writes the verdicts on those who are not asked, in whatever order they come: nothing will ever be settled in these rows, so it does not
-- matter which of them share a page. Twins: record-verdicts.part.sql, count-barred.part.sql.
-- reads: met, barred (of split-pool.part.sql)   writes: deliveries
, written as (
  insert into deliveries (month, user_id, run_id, wave_id, campaign_id, entry, due_at, decided_at, expires_at,
    topic_id, policy_version, template_version, state, reason, channel, variant, messages_in_7d)
  select :month::date, b.user_id, :runId::bigint, :waveId::bigint, :campaignId::bigint, null, :dueAt::timestamptz, :now::timestamptz, :expiresAt::timestamptz,
    :topicId::integer, :policyVersion::integer, (:templateVersions::integer[])[b.variant + 1], b.state, b.why, :channel::channel, b.variant,
    least(b.messages, 32767)::smallint
  from barred as b
)
select count(*)::integer as size from met as m
