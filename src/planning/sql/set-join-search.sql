-- How joins are planned until the transaction ends, and whether rows may be fetched in an index's order. collapse: how many joins are put
-- into the planner's own order.
select set_config('enable_nestloop', :nestedLoops, true), set_config('join_collapse_limit', :collapse, true),
  set_config('enable_indexscan', :indexScans, true);
