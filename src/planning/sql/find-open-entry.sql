-- reads: trigger_entries
select e.id from trigger_entries as e
where e.user_id = :userId::bigint and e.campaign_id = :campaignId::bigint and e.decided_at is null
limit 1;
