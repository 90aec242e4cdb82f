-- The present by the database's clock, which all processes share; a test passes its own.
select coalesce(:now::timestamptz, clock_timestamp()) as now
