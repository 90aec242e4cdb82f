-- In which round each wave of a contested priority meets which user. A table of the session, as pass_pool.
create temporary table if not exists pass_ranks (
  user_id bigint not null, wave_id bigint not null, campaign_id bigint not null, priority integer not null, net_worth float8 not null,
  round integer) on commit delete rows;
