-- reads: users
select u.id from users as u where u.user_id = :userId;
