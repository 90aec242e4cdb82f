-- After a whole evaluation. :rebuildCause asks for one more, where a change may have passed this one by.
-- writes: segments
update segments
set size = :size::bigint, computed_at = :at, build_ms = :buildMs::integer, rebuild_cause = :rebuildCause, turns_until = :until::timestamptz,
  reconciled_at = :at, drift = :drift::bigint
where id = :id::bigint
