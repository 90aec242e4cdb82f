-- Bounds the statements of this transaction.
select set_config('statement_timeout', :timeout, true)
