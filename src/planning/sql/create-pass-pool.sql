-- Who a pass is about, with the first gate that stops them before anybody's messages are asked for; each such gate by itself only where it
-- is explained. A table of the session rather than a part of the deciding statement: what an audience is made of may want nested loops,
-- what follows never does (join-search.ts). Of an audience that was split those who are asked stand in pass_asked, nobody here.
create temporary table if not exists pass_pool (
  user_id bigint not null, due_at timestamptz not null, expires_at timestamptz not null, entry bigint not null, quiet_until timestamptz,
  in_audience boolean not null, bar delivery_reason, client_id text not null, zone text not null,
  global_holdout boolean, suppressed_address boolean, unsubscribed boolean, no_device boolean, permission_denied boolean,
  stale_device boolean, no_email boolean, duplicate_address boolean, local_time_passed boolean, expired boolean) on commit delete rows;
