-- One writer of a segment's membership at a time; waits. Held until the transaction ends.
select pg_advisory_xact_lock(hashtextextended('segment ' || :id::bigint, 0))
