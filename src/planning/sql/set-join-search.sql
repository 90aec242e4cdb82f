-- How joins are planned until the transaction ends, and whether tables may be read otherwise than by bitmaps of their indexes. collapse:
-- how many joins are put into the planner's own order.
select set_config('enable_nestloop', :nestedLoops, true), set_config('join_collapse_limit', :collapse, true),
  set_config('enable_indexscan', :otherScans, true), set_config('enable_seqscan', :otherScans, true);
