-- The members of the built-in segment: all users, since they were made.
-- reads: users
select u.id, u.user_id as "userId", u.created_at as "enteredAt"
from users u
where u.id > :after::bigint
order by u.id
limit :limit::integer
