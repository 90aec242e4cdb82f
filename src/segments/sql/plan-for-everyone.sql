-- For statements over the whole base in this transaction. A nested loop is the one plan whose cost explodes where statistics are
-- missing or old (after a bulk load: seconds became minutes); a hash join is right for all users whatever the statistics say.
select set_config('enable_nestloop', 'off', true), set_config('work_mem', '64MB', true), set_config('jit', 'off', true),
  set_config('statement_timeout', :timeout, true)
