-- How many requests the messages are that the wave has just been foretold to take: one for each device that may be sent to, as the claim will
-- see them. Transactional messages are in no history, but nothing stops them beyond the first gates.
-- reads: pass_pool, pass_asked, pass_history (temporary), devices
select count(*)::integer as requests
from (
  select p.user_id, p.bar from pass_pool as p
  union
  select a.user_id, a.bar from pass_asked as a) as u
join devices as d on d.user_id = u.user_id
where d.user_id >= :fromId::bigint and d.user_id < :toId::bigint
  and d.permission is distinct from 'denied' and (:transactional::boolean or d.last_seen_at > :now::timestamptz - :staleAfter::interval)
  and case when :transactional::boolean then u.bar is null else exists (
    select from pass_history as h where h.user_id = u.user_id and h.wave_id = :waveId::bigint and h.this_pass) end;
