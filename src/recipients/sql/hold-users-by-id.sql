-- Which of the users still exist, held against erasure until the transaction ends.
-- reads: users
select u.id from users as u where u.id = any(:ids::bigint[]) for key share;
