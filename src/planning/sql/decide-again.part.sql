-- Of record-verdicts.part.sql, for rows that are deferred: this is their next decision. Whatever else stands there is left alone.
-- reads: excluded (of record-verdicts.part.sql)
on conflict __KEY__ do update set
  chunk_id = excluded.chunk_id, decided_at = excluded.decided_at, counted_at = excluded.counted_at, free_at = excluded.free_at,
  blocking_id = excluded.blocking_id, blocking_campaign_id = excluded.blocking_campaign_id, topic_id = excluded.topic_id, policy_version = excluded.policy_version,
  template_version = excluded.template_version, state = excluded.state, reason = excluded.reason, variant = excluded.variant,
  cap = excluded.cap, messages_in_7d = excluded.messages_in_7d
  where d.state = 'deferred'
