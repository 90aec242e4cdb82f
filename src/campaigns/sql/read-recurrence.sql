-- A recurrence, held until the transaction ends; none where it has ended.
-- reads: recurrences
select q.last_local as "lastLocal", q.next_at as "nextAt", q.since from recurrences as q where q.campaign_id = :campaignId::bigint and q.next_at is not null for update;
