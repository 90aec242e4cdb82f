-- The limit of a cap (__CAP__) for a user: of the tier (t) that holds him, then cut for those who stopped opening (streaks, s). Joined
-- as l. The factor's powers are read from `cuts`: one costs 2 µs. The pure oracle is fatigue/frequency-cap.ts.
-- reads: tiers, streaks, cuts (of decide-pool.part.sql)
  cross join lateral (select coalesce((t.limits ->> __CAP__.key)::integer, __CAP__.max) as max) as tiered
  cross join lateral (
    select case when :adaptiveStreak::integer is null or __CAP__.channel is distinct from :channel::channel or coalesce(s.cuts, 0) = 0 then tiered.max
      else least(tiered.max, greatest(:adaptiveFloor::integer, floor(tiered.max
        * coalesce((select u.powers from cuts as u)[s.cuts], power(:adaptiveFactor::numeric, s.cuts)))::integer))
      end as max) as l
