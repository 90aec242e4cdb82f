-- How many users are marked, up to about a bound; a mark for everybody counts as one.
-- reads: segment_marks
select coalesce(sum(coalesce(cardinality(k.users), 1)), 0)::integer as waiting from (select users from segment_marks limit :limit::integer) k
