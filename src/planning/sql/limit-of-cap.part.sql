-- The limit of a cap (__CAP__) for a user: of the tier (t) that holds him, then cut for those who stopped opening (streaks, s). Joined
-- as l. The pure oracle is fatigue/frequency-cap.ts.
-- reads: tiers, streaks (of decide-pool.part.sql)
  cross join lateral (select coalesce((t.limits ->> __CAP__.key)::integer, __CAP__.max) as max) as tiered
  cross join lateral (
    select case when :adaptive::jsonb is null or __CAP__.channel is distinct from :channel::channel then tiered.max
      else least(tiered.max, greatest((:adaptive::jsonb ->> 'floor')::integer, floor(tiered.max
        * power((:adaptive::jsonb ->> 'factor')::numeric, coalesce(s.unopened, 0) / (:adaptive::jsonb ->> 'unopenedStreak')::integer))::integer))
      end as max) as l
