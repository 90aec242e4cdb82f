-- Deletes a draft, with the test runs it may have, once nothing of them is being sent.
-- reads: chunks   writes: campaigns, and by cascade what hangs on it
delete from campaigns as c
where c.id = :id::bigint and c.status = 'draft'
  and not exists (select from chunks as k where k.campaign_id = c.id and k.closed_at is null)
returning c.id;
