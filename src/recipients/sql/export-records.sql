-- Everything that is held under a user's internal number, but for profile and events, a section a column.
-- reads: subscription_log, segment_changes, segments, user_event_days, conversions, deliveries, message_events, suppressions
select
  (select coalesce(jsonb_agg(jsonb_build_object('channel', l.channel, 'topic', l.topic, 'state', l.state, 'occurredAt', l.occurred_at,
      'receivedAt', l.received_at, 'source', l.source, 'messageId', l.message_id) order by l.id), '[]')
    from subscription_log as l where l.user_id = :id::bigint) as "subscriptionLog",
  (select coalesce(jsonb_agg(jsonb_build_object('segment', g.key, 'entered', c.entered, 'cause', c.cause, 'at', c.at) order by c.id), '[]')
    from segment_changes as c join segments as g on g.id = c.segment_id where c.user_id = :id::bigint) as "segmentHistory",
  (select coalesce(jsonb_agg(jsonb_build_object('name', d.name, 'day', d.day, 'currency', d.currency, 'count', d.count, 'sum', d.sum,
      'firstAt', d.first_at, 'lastAt', d.last_at) order by d.day, d.name, d.currency), '[]')
    from event_names() as n (name) join user_event_days as d on d.name = n.name and d.user_id = :id::bigint) as "eventDays",
  (select coalesce(jsonb_agg(jsonb_build_object('eventId', c.event_id, 'name', c.name, 'occurredAt', c.occurred_at, 'value', c.value,
      'currency', c.currency, 'campaignId', c.campaign_id::text, 'runId', c.run_id::text, 'creditedAt', c.credited_at)
      order by c.occurred_at, c.event_id), '[]')
    from conversions as c where c.user_id = :id::bigint) as conversions,
  (select coalesce(jsonb_agg(jsonb_build_object('campaignId', m.campaign_id::text, 'runId', m.run_id::text, 'channel', m.channel,
      'outcome', m.state, 'reason', m.reason, 'variant', m.variant, 'dueAt', m.due_at, 'decidedAt', m.decided_at,
      'settledAt', m.settled_at) order by m.id), '[]')
    from deliveries as m where m.user_id = :id::bigint) as messages,
  (select coalesce(jsonb_agg(jsonb_build_object('type', e.type, 'machine', e.machine, 'source', e.source, 'occurredAt', e.occurred_at,
      'receivedAt', e.received_at, 'action', e.action, 'hits', e.hits) order by e.occurred_at), '[]')
    from message_events as e where e.user_id = :id::bigint) as "messageEvents",
  (select jsonb_build_object('reason', s.reason, 'createdAt', s.created_at)
    from users as u join suppressions as s on s.address_hash = u.email_hash where u.id = :id::bigint) as suppression;
