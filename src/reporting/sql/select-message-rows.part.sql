-- One row for each row of the ledger, whatever became of it, with what happened afterwards. Money: of the settings' currency if any
-- came in it, else of the currency that did. Segments: those the person was in at the decision.
-- reads: deliveries, runs, campaigns, users, topics, slices, message_facts, conversions, segment_stays, segments
select d.month::text as month, d.user_id::text as "internalId", d.id::text as id, d.campaign_id::text as "campaignId",
  c.name as "campaignName", d.run_id::text as "runId", u.user_id as "userId", d.channel, t.key as topic,
  case when c.transactional then 'transactional' else 'marketing' end as class,
  c.definition->'variants'->d.variant::integer->>'key' as variant, o.outcome,
  case when o.outcome in ('suppressed', 'deferred', 'failed') then d.reason end as reason,
  d.due_at as "dueAt", d.decided_at as "decidedAt", case when d.state = 'sent' then d.settled_at end as "sentAt",
  f.delivered_at as "deliveredAt", f.opened_at as "openedAt", f.clicked_at as "clickedAt", f.unsubscribed_at as "unsubscribedAt",
  v.first_at as "firstConvertedAt", coalesce(v.conversions, 0) as conversions,
  coalesce(v.revenue, 0) as revenue, coalesce(v.currency, :currency::text) as currency, m.segments, d.messages_in_7d as "messagesIn7d",
  d.template_version as "templateVersion", w.updated_at as "updatedAt", d.doubts
from deliveries as d
join runs as r on r.id = d.run_id and r.kind = 'regular'
join campaigns as c on c.id = d.campaign_id
left join users as u on u.id = d.user_id
left join topics as t on t.id = d.topic_id
left join message_facts as f on f.month = d.month and f.user_id = d.user_id and f.delivery_id = d.id
cross join lateral (
  select case when d.state = 'queued' and exists (
      select from slices as s
      where s.chunk_id = d.chunk_id and s.closed_at is null and d.id between s.first_id and s.last_id)
    then 'sending' else d.state::text end as outcome) as o
left join lateral (
  select coalesce(x.currency, :currency::text) as currency, sum(x.value)::float8 as revenue, (sum(count(*)) over ())::integer as conversions,
    min(min(x.occurred_at)) over () as first_at, max(max(x.credited_at)) over () as credited_at
  from conversions as x
  where x.user_id = d.user_id and x.delivery_id = d.id and x.month = d.month
  group by coalesce(x.currency, :currency::text)
  order by coalesce(x.currency, :currency::text) <> :currency::text, 1
  limit 1) as v on true
cross join lateral (
  select coalesce(array_agg(g.key order by g.key), '{}') as segments
  from segment_stays as y join segments as g on g.id = y.segment_id
  where y.user_id = d.user_id and y.from_at <= d.decided_at and d.decided_at < y.to_at) as m
cross join lateral (
  select greatest(d.decided_at, d.settled_at, f.updated_at, v.credited_at) as updated_at) as w
