-- The bucket's lock until the transaction ends, after whoever holds it now and waits before us; 55P03 where that takes longer than our
-- patience. The time-out stands before the lock is asked for: a target list is worked off from left to right.
select set_config('lock_timeout', :patience::text, true) as patience,
  pg_advisory_xact_lock(:lockClass::integer, :bucket::integer) as locked;
