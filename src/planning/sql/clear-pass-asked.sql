-- DELETE as in clear-pass-pool.sql.
-- writes: pass_asked (temporary)
delete from pass_asked;
