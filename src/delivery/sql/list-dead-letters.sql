-- Deliveries that were refused for good, newest first: of one campaign or of all. Test sends are left out.
-- reads: deliveries, runs, users
select d.id::text as id, d.month::text as month, d.user_id::text as "internalId", u.user_id as "userId", d.campaign_id::text as "campaignId",
  d.run_id::text as "runId", d.channel, d.reason, d.attempts, d.settled_at as "failedAt", d.expires_at as "expiresAt"
from deliveries as d
join runs as r on r.id = d.run_id and r.kind = 'regular'
left join users as u on u.id = d.user_id
where d.trouble = 'failed' and (:campaignId::bigint is null or d.campaign_id = :campaignId::bigint)
  and (:before::bigint is null or d.id < :before::bigint)
order by d.id desc
limit :limit::integer;
