-- The lock of all writers of this segment's members (segments/sql/lock-segment.sql); held until the transaction ends.
select pg_advisory_xact_lock(hashtextextended('segment ' || :id::bigint, 0));
