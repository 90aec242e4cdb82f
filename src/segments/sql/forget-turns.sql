-- Of users that are gone.
-- reads: segments  writes: segment_turns
delete from segment_turns t using segments s where t.segment_id = s.id and t.user_id = any(:users::bigint[])
