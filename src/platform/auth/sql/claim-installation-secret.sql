-- The secret of this database; the offered one if it has none yet.
-- writes: installation
with made as (
  insert into installation (secret) values (:secret)
  on conflict (singleton) do nothing
  returning secret)
select m.secret from made as m
union all
select i.secret from installation as i
limit 1;
