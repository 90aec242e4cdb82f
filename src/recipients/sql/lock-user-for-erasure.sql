-- The user, locked against everything, references included; before anything else of theirs, because every writer holds its users
-- before it touches their rows.
-- reads: users
select u.id, u.email, u.email_hash as "emailHash" from users as u where u.user_id = :userId for update;
