-- What the models say of buyers, until it is written as one statement: written page by page, a refresh would tell the segments of
-- each of its buyers instead of once of everybody.
create temporary table if not exists score_forecasts (
  user_id bigint not null, alive float8 not null, purchases float8 not null, value float8) on commit delete rows;
