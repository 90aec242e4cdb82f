-- Changes what is given and keeps the rest.
-- writes: segments
update segments
set name = coalesce(:name::text, name), rule = coalesce(:rule::jsonb, rule), updated_at = :now
where id = :id::bigint
returning id
