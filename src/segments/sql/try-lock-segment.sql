-- The same lock without waiting: whoever holds it is building the segment already.
select pg_try_advisory_xact_lock(hashtextextended('segment ' || :id::bigint, 0)) as locked
