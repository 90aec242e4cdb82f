-- Whom a wave asks for their messages: of an audience that was split all that is known of them (split-pool.part.sql), so that they need no
-- other pool; else the users alone, for gather-heard.sql. A table of its own, because in one that has a column for each gate they cost half
-- as much again.
create temporary table if not exists pass_asked (
  user_id bigint not null, client_id text, zone text, quiet_until timestamptz, messages bigint, bar delivery_reason) on commit delete rows;
