-- One refresh at a time over all processes; waits for the one that runs. Held until the transaction ends.
select pg_advisory_xact_lock(hashtext('rapport'), hashtext('score-refresh'))
