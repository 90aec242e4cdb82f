-- Of decide-pool.part.sql, where some campaign holds back slots.
-- reads: pass_reserved, asked (of asked.part.sql), recent, caps, calendars, tiers, streaks (of decide-pool)
-- What higher campaigns hold back: an occurrence due before this message would leave the cap's window needs a slot then. For each
-- occurrence: what will still count when it is due, and the reservations due by then.
held_back as (
  select r.user_id, c.ord, c.key, c.max, c.channel, c.topic_id, c.rolling, r.campaign_id, r.due_at, w.starts,
    count(*) over (partition by r.user_id, c.ord order by r.due_at) as reserved
  from pass_reserved as r
  join asked as p on p.user_id = r.user_id
  join caps as c on (c.channel is null or c.channel = r.channel) and (c.topic_id is null or c.topic_id = r.topic_id)
  left join calendars as w on w.ord = c.ord and w.zone = p.zone
  where r.priority > :priority::smallint and r.campaign_id <> :campaignId::bigint
    and r.due_at < case when c.rolling is null then w.ends else :now::timestamptz + c.rolling end
),
left_then as (
  select b.user_id, b.ord, b.campaign_id, b.due_at, b.reserved, b.key, b.max, b.channel,
    count(h.user_id) as used, count(h.user_id) filter (where not h.this_pass) as used_before
  from held_back as b
  left join recent as h on h.user_id = b.user_id and (b.channel is null or b.channel = h.channel)
    and (b.topic_id is null or b.topic_id = h.topic_id)
    and case when b.rolling is null then h.at >= b.starts else h.at > b.due_at - b.rolling end
  group by b.user_id, b.ord, b.campaign_id, b.due_at, b.reserved, b.key, b.max, b.channel
),
reserve_gate as (
  select x.user_id, max(x.due_at) as free_at, bool_or(x.used_before + x.reserved >= l.max) as before,
    (array_agg(x.ord order by x.due_at desc, x.ord))[1] as ord, (array_agg(x.campaign_id order by x.due_at desc, x.ord))[1] as campaign_id
  from left_then as x
  left join tiers as t on t.user_id = x.user_id
  left join streaks as s on s.user_id = x.user_id
  __LIMIT_OF_x__
  where x.used + x.reserved >= l.max
  group by x.user_id
),
