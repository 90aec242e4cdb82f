-- How many marks wait, up to a bound.
-- reads: segment_marks
select count(*)::integer as waiting from (select from segment_marks limit :limit::integer) k
