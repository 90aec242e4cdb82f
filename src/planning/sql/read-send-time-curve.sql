-- reads: send_time_curves
select s.curve, s.kappa, s.as_of as "asOf" from send_time_curves as s where s.run_id = :runId::bigint;
