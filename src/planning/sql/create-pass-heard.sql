-- What became of all messages of a channel to the users of a pass: what worth and the adaptive limit are computed from.
create temporary table if not exists pass_heard (
  user_id bigint not null, channel channel not null, messages bigint not null, opens bigint not null, conversions bigint not null,
  unopened bigint not null) on commit delete rows;
