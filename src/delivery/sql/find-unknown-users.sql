-- Positions (from 0) of client ids that are no users.
-- reads: users
select (k.ord - 1)::integer as position
from unnest(:userIds::text[]) with ordinality as k (user_id, ord)
where not exists (select from users as u where u.user_id = k.user_id)
order by 1;
