-- Shortens a slice that is not committed yet: the rows from nextId on are no members, and the next claim of the chunk takes them.
-- writes: slices
update slices as s
set last_id = :nextId::bigint - 1, size = :size::integer
where s.id = :sliceId::bigint
returning s.id;
