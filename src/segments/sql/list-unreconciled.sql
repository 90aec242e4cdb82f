-- Dynamic segments that were not compared with their rule since then, and wait for nothing else; the longest unproven first.
-- reads: segments, segment_marks
select id, key
from segments s
where not static and rebuild_cause is null and reconciled_at <= :before::timestamptz
  and not exists (select from segment_marks k where k.users is null)
order by reconciled_at, id
