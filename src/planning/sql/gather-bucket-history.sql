-- What was reserved or sent within any window, to everybody of the bucket: one range of the ledger's index. Months that cannot matter
-- are left out. An unsettled message counts in every window, as if it were settled now. Twin: gather-pool-history.sql.
-- reads: deliveries, pass_known   writes: pass_history (temporary)
insert into pass_history (user_id, id, campaign_id, channel, topic_id, at, this_pass)
select h.user_id, h.id, h.campaign_id, h.channel, h.topic_id, least(h.counted_at, :now::timestamptz) as at,
  h.decided_at = :now::timestamptz and h.wave_id = any (:passWaves::bigint[]) as this_pass
from deliveries as h
where h.user_id >= :fromId::bigint and h.user_id < :toId::bigint and h.month >= :firstMonth::date
  and h.counted_at is not null and h.counted_at > :horizon::timestamptz
  and (not :someKnown::boolean or h.user_id not in (select k.user_id from pass_known as k));
