-- Reserves the next requests of a throttled campaign: `size` instants, spacing apart, from waitMs from now on. No row where the
-- next free instant is more than a second away: then the caller gives its chunk back instead of sitting on it, and nothing is
-- reserved further ahead than the slice that asks.
-- writes: campaign_pace
insert into campaign_pace as p (campaign_id, next_at)
values (:campaignId::bigint, clock_timestamp() + :size::integer * :spacingMs::double precision * interval '1 millisecond')
on conflict (campaign_id) do update
  set next_at = greatest(p.next_at, clock_timestamp()) + :size::integer * :spacingMs::double precision * interval '1 millisecond'
  where p.next_at <= clock_timestamp() + interval '1 second'
returning greatest(0, extract(epoch from (p.next_at - clock_timestamp())) * 1000
  - :size::integer * :spacingMs::double precision)::double precision as "waitMs";
