-- Waves of zones that nobody had been of when the occurrence was made; decided where they are not theirs (the occurrence of a
-- recurrence had passed there).
-- writes: waves
insert into waves (run_id, campaign_id, due_at, expires_at, zone, slot, passed, decided_at)
select :runId::bigint, :campaignId::bigint, w.due_at, w.due_at + :expiresAfterMs::double precision * interval '1 millisecond',
  w.zone, w.slot, w.passed, case when w.decided then :now::timestamptz end
from unnest(:dues::timestamptz[], :zones::text[], :slots::smallint[], :passed::boolean[], :decided::boolean[])
  as w (due_at, zone, slot, passed, decided)
on conflict do nothing;
