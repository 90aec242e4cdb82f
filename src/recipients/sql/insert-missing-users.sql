-- Creates the users that do not exist yet. Ids are drawn for these alone: ON CONFLICT meets only what another transaction
-- creates at this very moment. Ordered, so that two batches that create the same users wait for each other in one direction.
-- writes: users
insert into users (id, user_id, created_at, updated_at)
select nextval('user_id_seq'), missing.user_id, :now::timestamptz, :now::timestamptz
from (
  select distinct given.user_id collate "C" as user_id
  from unnest(:userIds::text[]) as given (user_id)
  where not exists (select from users as u where u.user_id = given.user_id)
  order by 1) as missing
on conflict (user_id) do nothing;
