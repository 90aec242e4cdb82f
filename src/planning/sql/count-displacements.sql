-- Whom a campaign displaced and by whom it was, by the rows that say so.
-- reads: deliveries
select 'displaced' as side, d.campaign_id::bigint as "campaignId", d.reason, count(*)::integer as count
from deliveries as d
where d.blocking_campaign_id = :campaignId::bigint
group by d.campaign_id, d.reason
union all
select 'displacedBy', d.blocking_campaign_id::bigint, d.reason, count(*)::integer
from deliveries as d
where d.campaign_id = :campaignId::bigint and d.blocking_campaign_id is not null
group by d.blocking_campaign_id, d.reason
order by 1, 4 desc, 2;
