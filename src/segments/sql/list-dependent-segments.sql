-- The segments whose rule names the key, directly or through others.
-- reads: segments
with recursive dependent as (
  select key from segments where jsonb_path_exists(rule, '$.** ? (@.segment == $key)', jsonb_build_object('key', :key::text))
  union
  select s.key from dependent d
  join segments s on jsonb_path_exists(s.rule, '$.** ? (@.segment == $key)', jsonb_build_object('key', d.key))
)
select key from dependent order by key
