-- One step in the life of a campaign, as a compare-and-set on its state.
-- writes: campaigns
update campaigns as c
set status = :to::campaign_status,
    resume_status = case when :to::campaign_status = 'paused' then c.status end,
    status_reason = :reason::text,
    launched_at = coalesce(c.launched_at, case when c.status = 'draft' then :now::timestamptz end),
    updated_at = :now::timestamptz
where c.id = :id::bigint and c.status = :from::campaign_status
returning c.id;
