-- Entries into a segment that have let nobody in yet. Those that come with the making of the segment, with an edit of its rule or
-- with an import are no entries: nothing happened to the people.
-- reads: segment_changes, segments, trigger_entries
select x.id, x.user_id as "userId", x.at
from segment_changes as x
join segments as s on s.id = x.segment_id
where s.key = :segment::text and x.entered and x.at >= :from::timestamptz and x.cause not in ('created', 'rule_edited', 'imported')
  and not exists (
    select from trigger_entries as e
    where e.user_id = x.user_id and e.campaign_id = :campaignId::bigint and e.source = 'change:' || x.id)
order by x.user_id, x.id
limit 10000;
