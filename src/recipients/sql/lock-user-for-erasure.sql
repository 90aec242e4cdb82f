-- The user, locked against everything, references included.
-- reads: users
select u.id, u.email, u.email_hash as "emailHash" from users as u where u.user_id = :userId for update;
