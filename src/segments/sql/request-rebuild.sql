-- Asks for a whole evaluation after this; the first cause stands, but for the mere catching up after a rule was written.
-- writes: segments
update segments set rebuild_cause = :cause where id = :id::bigint and not static and coalesce(rebuild_cause, 'evaluated') = 'evaluated'
