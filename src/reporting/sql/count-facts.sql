-- What people did with a campaign's messages, by variant.
-- reads: message_facts, deliveries, runs
select d.variant, count(f.delivered_at) as delivered, count(f.opened_at) as opened, count(f.clicked_at) as clicked,
  count(f.unsubscribed_at) as unsubscribed
from message_facts as f
join deliveries as d on d.month = f.month and d.user_id = f.user_id and d.id = f.delivery_id
join runs as r on r.id = d.run_id and r.kind = 'regular'
where f.campaign_id = :campaignId::bigint and (:runId::bigint is null or f.run_id = :runId::bigint)
group by d.variant;
