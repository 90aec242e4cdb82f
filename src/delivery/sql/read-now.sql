-- The instant of the statement, by the database's clock.
select coalesce(:now::timestamptz, clock_timestamp()) as now;
