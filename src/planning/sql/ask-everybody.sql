-- reads: pass_pool   writes: pass_asked (temporary)
insert into pass_asked (user_id) select p.user_id from pass_pool as p;
