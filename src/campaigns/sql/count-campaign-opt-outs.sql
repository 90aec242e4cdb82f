-- Opt-outs that running marketing campaigns have caused since they were last paused for it.
-- reads: campaigns, message_facts, runs
select c.id, count(*)::integer as "optOuts"
from campaigns as c
join message_facts as f on f.campaign_id = c.id and f.unsubscribed_at is not null
join runs as r on r.id = f.run_id and r.kind = 'regular'
where c.status = 'running' and not c.transactional and f.unsubscribed_at > coalesce(c.guarded_from, '-infinity')
group by c.id;
