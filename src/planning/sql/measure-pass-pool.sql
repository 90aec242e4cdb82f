-- reads: pass_pool (temporary)
select count(*)::integer as size from pass_pool as p;
