-- Waves of zones that nobody had been of when the occurrence was made; decided where they are not theirs (the occurrence of a
-- recurrence had passed there). One at a time, by try-lock-new-zones.sql.
-- writes: waves
insert into waves (run_id, campaign_id, due_at, expires_at, zones, slot, passed, decided_at)
select :runId::bigint, :campaignId::bigint, w."dueAt", w."dueAt" + :expiresAfterMs::double precision * interval '1 millisecond',
  w.zones, w.slot, w.passed, case when w.decided then :now::timestamptz end
from jsonb_to_recordset(:waves::jsonb) as w ("dueAt" timestamptz, zones text[], slot smallint, passed boolean, decided boolean);
