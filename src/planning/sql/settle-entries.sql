-- The entries of a pass are decided: those in its pool, by whether their user is in the audience, and those that an event took
-- back. Who is not in the audience gets no row in the ledger, as in any other campaign.
-- reads: pass_pool (temporary), events   writes: trigger_entries
update trigger_entries as e
set decided_at = :now::timestamptz,
    outcome = case when p.entry is null then 'unless' when p.in_audience then 'decided' else 'not_in_audience' end
from trigger_entries as o
left join pass_pool as p on p.user_id = o.user_id and p.entry = o.id
where e.user_id = o.user_id and e.id = o.id
  and o.campaign_id = :campaignId::bigint and o.decided_at is null and o.due_at <= :now::timestamptz
  and (o.user_id >> 14) = :bucket::integer
  and (p.entry is not null or exists (
    select from events as v
    where v.user_id = o.user_id and v.name = :unless::text and v.occurred_at > o.entered_at and v.occurred_at <= :now::timestamptz));
