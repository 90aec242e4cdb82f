-- Users whom time may have turned by now, the first of each segment.
-- reads: segments, segment_turns
select s.id, array(
    select t.user_id::text from segment_turns t
    where t.segment_id = s.id and t.at <= :now::timestamptz order by t.at limit :limit::integer) as users
from segments s
where not s.static
  and exists (select from segment_turns t where t.segment_id = s.id and t.at <= :now::timestamptz)
