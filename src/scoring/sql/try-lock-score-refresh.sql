-- The lock of the refresh, or not: while a refresh runs, following waits for its parameters.
select pg_try_advisory_xact_lock(hashtext('rapport'), hashtext('score-refresh')) as locked
