-- Leaves in the pool whom the wave meets in this round.
-- writes: pass_pool (temporary)
delete from pass_pool as p
where not exists (select from pass_ranks as r where r.user_id = p.user_id and r.wave_id = :waveId::bigint and r.round = :round::integer);
