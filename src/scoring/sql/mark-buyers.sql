-- Notes users whose scores have to follow a purchase, in the transaction that stores it.
-- writes: score_marks
insert into score_marks (user_id) select * from unnest(:ids::bigint[])
