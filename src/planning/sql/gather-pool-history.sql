-- What was reserved or sent within any window, to the users of a small pool who were not asked for before: user by user. this_pass
-- marks what this very pass admitted: only that can be the cause of outranked. Twin: gather-bucket-history.sql.
-- reads: deliveries, pass_pool   writes: pass_history, pass_known (temporary)
with asked as (
  insert into pass_known (user_id)
  select p.user_id from pass_pool as p where not exists (select from pass_known as k where k.user_id = p.user_id)
  returning user_id
)
insert into pass_history (user_id, id, campaign_id, channel, topic_id, at, this_pass)
select p.user_id, h.id, h.campaign_id, h.channel, h.topic_id, least(h.counted_at, :now::timestamptz) as at,
  h.decided_at = :now::timestamptz and h.wave_id = any (:passWaves::bigint[]) as this_pass
from asked as p
cross join lateral (
  select d.id, d.campaign_id, d.channel, d.topic_id, d.counted_at, d.decided_at, d.wave_id
  from deliveries as d
  where d.user_id = p.user_id and d.month >= :firstMonth::date and d.counted_at is not null and d.counted_at > :horizon::timestamptz
  offset 0) as h;
