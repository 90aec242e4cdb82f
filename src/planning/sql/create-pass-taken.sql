-- What a simulated pass has taken so far. A table of the session, empty in every launch, so that both run the same SELECT.
create temporary table if not exists pass_taken (
  user_id bigint not null, wave_id bigint not null, campaign_id bigint not null, channel channel not null, topic_id integer) on commit delete rows;
