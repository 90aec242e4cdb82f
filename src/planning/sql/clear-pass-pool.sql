-- DELETE: after TRUNCATE every plan that reads the table is made anew, which costs as much as it saves.
-- writes: pass_pool (temporary)
delete from pass_pool;
