-- How joins are planned until the transaction ends. collapse: how many of them are put into the planner's own order.
select set_config('enable_nestloop', :nestedLoops, true), set_config('join_collapse_limit', :collapse, true);
