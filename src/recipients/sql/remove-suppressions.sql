-- Lifts suppressions, but for those of erased people: only their own fresh wish lifts those.
-- writes: suppressions
with found as materialized (
  select s.address_hash from suppressions as s
  where s.address_hash = any(:hashes::bytea[]) and s.reason <> 'erased'
  order by s.address_hash
  for update),
removed as (
  delete from suppressions as s using found as f where s.address_hash = f.address_hash returning 1)
select count(*)::int as removed from removed;
