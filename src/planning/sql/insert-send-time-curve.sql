-- The first one stays: what a user's hour is may not change from wave to wave.
-- writes: send_time_curves
insert into send_time_curves (run_id, curve, kappa, as_of)
values (:runId::bigint, :curve::double precision[], :kappa::double precision, :asOf::timestamptz)
on conflict (run_id) do nothing;
