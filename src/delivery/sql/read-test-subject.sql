-- reads: campaigns
select c.definition, c.status from campaigns as c where c.id = :campaignId::bigint;
