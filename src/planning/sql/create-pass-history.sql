-- Messages that count for the users of a pass: gathered from the ledger once, before anything is decided on a user, then what the
-- pass itself takes. A table of the session, so that launch and simulate run the same SELECT.
create temporary table if not exists pass_history (
  user_id bigint not null, id bigint, campaign_id bigint not null, wave_id bigint, channel channel not null, topic_id integer,
  at timestamptz not null, this_pass boolean not null) on commit delete rows;
