-- One scheduler at a time adds zones to occurrences: no index says that a zone has one wave in a run.
-- reads: nothing (advisory locks)
select pg_try_advisory_xact_lock(hashtext('rapport'), hashtext('new-zones')) as locked;
