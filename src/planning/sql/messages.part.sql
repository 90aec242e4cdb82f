-- Of first-gates.part.sql, where the messages of the last seven days are counted at once. Twin: tally.part.sql.
-- reads: pass_history
union all
    select h.user_id, null, null, null, 1 from pass_history as h where h.at > :weekAgo::timestamptz
