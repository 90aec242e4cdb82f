-- The bucket's lock until the transaction ends; false when another planner holds it. Its own statement: what follows must take
-- its snapshot after the lock, or it would not see what the last holder inserted.
select pg_try_advisory_xact_lock(:lockClass::integer, :bucket::integer) as locked;
