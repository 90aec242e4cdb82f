-- Takes the campaign's row, so that verbs and edits follow one another, and the instant after it was taken.
-- reads: campaigns
select c.id, c.status, c.resume_status as "resumeStatus", c.definition,
  date_trunc('milliseconds', coalesce(:now::timestamptz, clock_timestamp())) as now
from campaigns as c
where c.id = :id::bigint
for update of c;
