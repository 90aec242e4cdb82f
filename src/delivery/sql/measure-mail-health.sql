-- How mail campaigns that run are received, since they last changed their state (a resumed one starts anew): messages that went
-- out, bounces (at the door or told later) and complaints.
-- reads: campaigns, runs, deliveries, message_facts
select c.id::text as "campaignId", count(*)::integer as sent,
  count(*) filter (where d.state = 'failed' and d.reason = 'invalid_address' or f.bounced_at is not null)::integer as bounced,
  count(*) filter (where f.complained_at is not null)::integer as complained
from campaigns as c
join runs as r on r.campaign_id = c.id and r.kind = 'regular' and r.completed_at is null
join deliveries as d on d.month = r.month and d.run_id = r.id and d.state in ('sent', 'failed', 'unknown') and d.settled_at >= c.updated_at
left join message_facts as f on f.month = d.month and f.user_id = d.user_id and f.delivery_id = d.id
where c.channel = 'email' and c.status in ('scheduled', 'running')
group by c.id;
