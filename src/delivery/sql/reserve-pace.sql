-- Reserves the next requests of a throttled campaign: `size` instants, spacing apart, from waitMs from now on, and before the first of
-- them leadMs in which nothing of the campaign leaves. No row where that instant is more than a second away: then the caller gives its
-- chunk back instead of sitting on it, and nothing is reserved further ahead than the slice that asks. None either where time is kept
-- free before next_at and the caller needs none; but five seconds later whoever it was kept for has lost it (a chunk that comes back on
-- time is leased within two).
-- writes: campaign_pace
insert into campaign_pace as p (campaign_id, next_at)
values (:campaignId::bigint, clock_timestamp() + :size::integer * :spacingMs::double precision * interval '1 millisecond')
on conflict (campaign_id) do update
  set next_at = greatest(p.next_at + greatest(0, :leadMs::double precision - p.kept_ms) * interval '1 millisecond', clock_timestamp())
      + :size::integer * :spacingMs::double precision * interval '1 millisecond',
    kept_ms = 0
  where p.next_at + greatest(0, :leadMs::double precision - p.kept_ms) * interval '1 millisecond' <= clock_timestamp() + interval '1 second'
    and (p.kept_ms = 0 or :leadMs::double precision > 0 or p.next_at <= clock_timestamp() - interval '5 seconds')
returning greatest(0, extract(epoch from (p.next_at - clock_timestamp())) * 1000
  - :size::integer * :spacingMs::double precision)::double precision as "waitMs";
