-- Dynamic segments that are to be evaluated whole: asked for, never built, or with turns known only up to now.
-- reads: segments
select id, key, coalesce(rebuild_cause, 'time') as cause
from segments
where not static and (rebuild_cause is not null or turns_until is null or turns_until <= :now::timestamptz)
order by computed_at nulls first, id
