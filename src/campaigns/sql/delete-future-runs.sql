-- Occurrences that have not come yet, of a paused campaign whose schedule is edited.
-- reads: waves   writes: runs, and by cascade waves
delete from runs as r
where r.campaign_id = :campaignId::bigint and r.kind = 'regular' and r.completed_at is null
  and not exists (select from waves as w where w.run_id = r.id and (w.decided_at is not null or w.due_at <= :now::timestamptz));
