-- The row itself; devices, subscriptions with their log, scores and memberships go with it by their foreign keys.
-- writes: users
delete from users as u where u.id = :id::bigint;
