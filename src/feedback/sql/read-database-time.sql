-- The database's clock: watermarks over rows that it stamped compare with nothing else.
select coalesce(:now::timestamptz, clock_timestamp()) as now;
