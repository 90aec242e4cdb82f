-- writes: pass_pool (temporary)
truncate pass_pool;
