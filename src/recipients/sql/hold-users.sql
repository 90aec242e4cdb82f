-- Internal ids of the users that exist, held against erasure (and nothing else) until the transaction ends: whatever is
-- written for them in tables without a foreign key goes with them.
-- reads: users
select u.id, u.user_id as "userId" from users as u where u.user_id = any(:userIds::text[]) for key share;
