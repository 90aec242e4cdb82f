-- Whose messages a wave asks about: the pool, or those of it whom no gate has stopped before.
create temporary table if not exists pass_asked (user_id bigint not null) on commit delete rows;
