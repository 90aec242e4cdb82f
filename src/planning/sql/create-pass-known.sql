-- Users whose history has been gathered one by one.
create temporary table if not exists pass_known (user_id bigint not null) on commit delete rows;
