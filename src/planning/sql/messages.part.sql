-- Of first-gates.part.sql, where the messages of the last seven days are counted at once. Twin: tally.part.sql.
-- reads: pass_history
union all
    select h.user_id, case when h.at > :weekAgo::timestamptz then 32 end from pass_history as h
