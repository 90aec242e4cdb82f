-- Everybody in the segments that name this one may turn with its rule.
-- writes: segment_marks
insert into segment_marks (facet, name) values ('segment', :key::text)
