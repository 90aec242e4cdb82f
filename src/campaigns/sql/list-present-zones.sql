-- The zones that users are of, one jump in the index each; the default one stands for users without a zone.
-- reads: users
with recursive present as (
  (select u.zone from users as u where u.zone is not null order by u.zone limit 1)
  union all
  select (select u.zone from users as u where u.zone > p.zone order by u.zone limit 1)
  from present as p
  where p.zone is not null)
select p.zone from present as p where p.zone is not null
union
select :defaultZone::text where exists (select from users as u where u.zone is null) or not exists (select from users);
