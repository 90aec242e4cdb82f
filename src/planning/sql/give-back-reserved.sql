-- The run has reached the pool's users and holds nothing for them any more. Only a bestHour run has a later hour for whom it reaches now, and
-- none has an occurrence after that.
-- reads: pass_pool (temporary)   writes: pass_reserved (temporary)
delete from pass_reserved as r using pass_pool as p
where r.begun_run_id = :runId::bigint and p.user_id = r.user_id;
