-- writes: pass_pool (temporary)
delete from pass_pool as p where not p.in_audience;
