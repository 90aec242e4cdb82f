-- A page of the users who have an address: several may share one.
-- reads: users
select u.id from users as u
where u.email_hash = :hash and u.id > coalesce(:after::bigint, 0)
order by u.id
limit :limit::int;
