-- Entries into a segment that have let nobody in yet, of the next users after one. Those that come with the making of the segment, with
-- an edit of its rule or with an import are no entries: nothing happened to the people. WITH TIES: all of one user's stand in one page, as
-- which of them are let in goes by their times, and these need not come in the order of their ids.
-- Whom reentry has refused is not asked again: the last entry only ever becomes later, so it is for good. Twin: letIn of trigger.ts, which
-- decides; a state without an entry is at -infinity.
-- reads: segment_changes, segments, trigger_entries, trigger_states
select x.id, x.user_id as "userId", x.at
from segment_changes as x
join segments as s on s.id = x.segment_id
where s.key = :segment::text and x.entered and x.at >= :from::timestamptz and x.cause not in ('created', 'rule_edited', 'imported')
  and x.user_id > :after::bigint
  and not exists (
    select from trigger_entries as e
    where e.user_id = x.user_id and e.campaign_id = :campaignId::bigint and e.source = 'change:' || x.id)
  and not exists (
    select from trigger_states as o
    where :reentryMs::float8 > 0 and o.user_id = x.user_id and o.campaign_id = :campaignId::bigint
      and case when isfinite(o.last_at) then extract(epoch from x.at - o.last_at) * 1000 < :reentryMs::float8 end)
order by x.user_id
fetch first (:page::integer) rows with ties;
