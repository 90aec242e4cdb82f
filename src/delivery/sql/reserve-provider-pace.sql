-- The shared rate of a provider while Redis is away: reserves `size` requests, spacing apart. No row where the next free instant
-- is more than a second away; then nothing is reserved.
-- writes: provider_pace
insert into provider_pace as p (channel, next_at)
values (:channel::channel, clock_timestamp() + :size::integer * :spacingMs::double precision * interval '1 millisecond')
on conflict (channel) do update
  set next_at = greatest(p.next_at, clock_timestamp()) + :size::integer * :spacingMs::double precision * interval '1 millisecond'
  where p.next_at <= clock_timestamp() + interval '1 second'
returning greatest(0, extract(epoch from (p.next_at - clock_timestamp())) * 1000
  - :size::integer * :spacingMs::double precision)::double precision as "waitMs";
