-- Whose messages are still to be gathered.
-- reads: pass_asked, pass_heard (temporary)
select count(*)::integer as size
from pass_asked as p
where not exists (select from pass_heard as k where k.user_id = p.user_id and k.channel = :channel::channel);
