-- Who a pass is about. A table of the session rather than a part of the deciding statement, because it can be analysed: over
-- unanalysed parts the planner expects one row, joins 16,384 users by nested loops and takes minutes instead of a second.
create temporary table if not exists pass_pool (
  user_id bigint not null, client_id text not null, email_hash bytea, has_email boolean not null, zone text not null,
  in_audience boolean not null, duplicate_address boolean not null, entry bigint not null, due_at timestamptz not null,
  expires_at timestamptz not null) on commit delete rows;
