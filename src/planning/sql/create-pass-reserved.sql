-- Slots that campaigns with reserve: true hold back: one row for each user now in the audience of an occurrence to come; begun_run_id: its run,
-- where that has begun.
create temporary table if not exists pass_reserved (
  user_id bigint not null, campaign_id bigint not null, begun_run_id bigint, priority smallint not null, channel channel not null, topic_id integer,
  due_at timestamptz not null) on commit delete rows;
