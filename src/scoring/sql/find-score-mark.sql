-- Whether anybody's scores have to follow a purchase: spares the second-by-second look a transaction.
-- reads: score_marks
select exists (select from score_marks) as marked
