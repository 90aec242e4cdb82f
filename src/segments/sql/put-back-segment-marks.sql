-- A segment that somebody else is building gets its marks again, for itself alone.
-- writes: segment_marks
insert into segment_marks (user_id, facet, segment_id, imported)
select g.user_id, :facet, :id::bigint, :imported::boolean
from unnest(case when :everyone::boolean then array[null::bigint] else :users::bigint[] end) g (user_id)
