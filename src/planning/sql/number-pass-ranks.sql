-- Rank within a priority: expected net worth, then the older campaign. Twin: fatigue/ranking.ts (compareRank).
-- writes: pass_ranks (temporary)
update pass_ranks as r
set round = n.round
from (
  select k.user_id, k.wave_id, row_number() over (
    partition by k.user_id, k.priority order by k.net_worth desc, k.campaign_id, k.wave_id) as round
  from pass_ranks as k) as n
where n.user_id = r.user_id and n.wave_id = r.wave_id;
