-- Members by internal id, from one on.
-- reads: segment_members, users
select u.id, u.user_id as "userId", m.entered_at as "enteredAt"
from segment_members m
join users u on u.id = m.user_id
where m.segment_id = :id::bigint and m.user_id > :after::bigint
order by m.user_id
limit :limit::integer
