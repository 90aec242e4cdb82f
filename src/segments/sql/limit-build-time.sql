-- Bounds the statements of this transaction: a rule over a large base may take long, but not for ever.
select set_config('statement_timeout', '60s', true)
