-- The segments that hold a user, by stored membership; one row with a null key for a known user in none.
-- reads: users, segment_members, segments
select s.key, s.name, m.entered_at as "enteredAt"
from users u
left join segment_members m on m.user_id = u.id
left join segments s on s.id = m.segment_id
where u.user_id = :userId
order by s.key
