-- Puts the forecasts of some buyers by.
-- writes: score_forecasts (temporary)
insert into score_forecasts (user_id, alive, purchases, value)
select * from unnest(:ids::bigint[], :alive::float8[], :purchases::float8[], :values::float8[])
