-- The first month of the ledger that can hold a message counted after the horizon: the month of the oldest run that was open then, and
-- never later than its own month. A run is closed when nothing of it is open; an answer that comes later comes within a week.
-- reads: runs
select least(date_trunc('month', :horizon::timestamptz - interval '7 days', 'UTC')::date, min(r.month))::text as "firstMonth"
from runs as r
where r.completed_at is null or r.completed_at > :horizon::timestamptz - interval '7 days';
