-- How many messages of the last seven days count, of everybody. Twin: messages.part.sql.
-- reads: pass_history
tally as (
  select h.user_id, count(*) as messages
  from pass_history as h
  where h.at > :weekAgo::timestamptz
  group by h.user_id
)
