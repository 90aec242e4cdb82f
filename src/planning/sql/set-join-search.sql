-- How joins are planned until the transaction ends: whether otherwise than by hash, how many of them are put into the planner's own order
-- (collapse), whether a prepared statement is planned once for all (plans), whether tables may be read otherwise than by bitmaps of their indexes.
select set_config('enable_nestloop', :otherJoins, true), set_config('enable_mergejoin', :otherJoins, true),
  set_config('join_collapse_limit', :collapse, true), set_config('plan_cache_mode', :plans, true),
  set_config('enable_indexscan', :otherScans, true), set_config('enable_seqscan', :otherScans, true);
