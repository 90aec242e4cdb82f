-- Closes a slice for its outcomes to be written. No row: the reaper was here first, or an earlier try of ours, and whatever of the
-- slice went back into the queue may be on its way under another slice by now.
-- writes: slices
update slices as s set closed_at = clock_timestamp() where s.id = :sliceId::bigint and s.closed_at is null returning s.id;
