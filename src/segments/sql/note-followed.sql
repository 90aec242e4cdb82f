-- Every mark and every turn up to this instant has been followed.
-- writes: segment_progress
insert into segment_progress as p (followed_at) values (:now::timestamptz)
on conflict (singleton) do update set followed_at = greatest(p.followed_at, excluded.followed_at)
