-- Until this transaction ends, whoever it changes is marked as imported: what that does to segments triggers nothing.
select set_config('rapport.imported', 'on', true)
