-- Suppresses addresses; one that is suppressed already takes the new reason, one that was erased stays erased and holds no
-- address. Ordered by hash, so that two lists with common addresses never deadlock.
-- writes: suppressions
with added as (
  insert into suppressions as s (address_hash, email, reason, created_at)
  select g.hash, g.email, g.reason, :now::timestamptz
  from unnest(:hashes::bytea[], :emails::text[], :reasons::text[]) as g (hash, email, reason)
  order by g.hash
  on conflict (address_hash) do update set email = excluded.email, reason = excluded.reason
    where s.reason <> 'erased'
  returning xmax = 0 as fresh)
select count(*) filter (where fresh)::int as added from added;
