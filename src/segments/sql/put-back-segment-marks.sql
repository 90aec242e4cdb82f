-- A segment that somebody else is building gets its marks again, for itself alone. No users: everybody.
-- writes: segment_marks
insert into segment_marks (users, facet, segment_id, imported) values (:users::bigint[], :facet, :id::bigint, :imported::boolean)
