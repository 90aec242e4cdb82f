-- Dynamic segments that were not computed within the last moments, the stalest first.
-- reads: segments
select id, key
from segments
where not static and (computed_at is null or computed_at <= :before)
order by computed_at nulls first, id
