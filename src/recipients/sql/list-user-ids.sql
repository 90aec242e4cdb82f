-- A page of users by internal id, which is the order in which they came.
-- reads: users
select u.id from users as u where (:after::bigint is null or u.id > :after::bigint) order by u.id limit :limit::int;
