-- What people did with a campaign's messages, by variant.
-- reads: message_facts, deliveries, runs
select d.variant, count(f.delivered_at) as delivered, count(f.opened_at) as opened, count(f.clicked_at) as clicked,
  count(f.unsubscribed_at) as unsubscribed
from message_facts as f
join deliveries as d on d.month = f.month and d.user_id = f.user_id and d.id = f.delivery_id
where f.campaign_id = :campaignId::bigint and d.campaign_id = :campaignId::bigint
  and f.run_id = any (array(select r.id from runs as r where r.campaign_id = :campaignId::bigint and r.kind = 'regular'
    and (:runId::bigint is null or r.id = :runId::bigint)))
group by d.variant;
