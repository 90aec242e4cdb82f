-- One follower at a time: it takes marks away, and nobody else may then be behind with them.
select pg_try_advisory_xact_lock(hashtextextended('segment follower', 0)) as locked
