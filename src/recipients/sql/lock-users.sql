-- Locks users for writing, in the order of their ids: two batches with common users wait, they never deadlock.
-- reads: users
select u.id from users as u where u.id = any(:ids::bigint[]) order by u.id for no key update;
