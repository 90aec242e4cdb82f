-- Remembers what the wave is worth to each user of the pool, 0 where it does not ask: waves of one priority then meet the gates in
-- the order of worth, user by user.
-- writes: pass_ranks (temporary)
insert into pass_ranks (user_id, wave_id, campaign_id, priority, net_worth)
select p.user_id, :waveId::bigint, :campaignId::bigint, :priority::integer, coalesce(w.net_worth, 0)
from pass_pool as p
left join priced as w on w.user_id = p.user_id
-- Who has a deferred row and an entry of one triggered campaign is ranked once: the entry follows in a later pass.
where not exists (select from pass_ranks as r where r.user_id = p.user_id and r.wave_id = :waveId::bigint)
