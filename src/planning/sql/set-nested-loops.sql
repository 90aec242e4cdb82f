-- Until the transaction ends.
select set_config('enable_nestloop', :nestedLoops, true);
