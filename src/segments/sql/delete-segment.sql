-- Members and history go with it.
-- writes: segments, segment_members, segment_changes, segment_turns
delete from segments where id = :id::bigint returning id
