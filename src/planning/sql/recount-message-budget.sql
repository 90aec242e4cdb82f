-- Counts afresh what of a budget is taken: messages admitted in its window that were sent, may have been, or still may be. What was
-- cancelled, refused or expired since is given back. Under the budget's lock, and only where the budget seems to be spent.
-- reads: chunks, deliveries   writes: message_budgets
update message_budgets as b
set admitted = n.messages, recounted_at = :now::timestamptz
from (
  select count(*) as messages
  from chunks as k
  join deliveries as d on d.month = k.month and d.chunk_id = k.id
  where k.channel = :channel::channel and k.created_at >= :startsAt::timestamptz
    and d.decided_at >= :startsAt::timestamptz and d.counted_at is not null) as n
where b.channel = :channel::channel and b.starts_at = :startsAt::timestamptz
returning b.admitted::float8 as admitted;
