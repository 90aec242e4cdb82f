-- A second stop keeps the first one's time and takes the new reason.
-- writes: engine_state
update engine_state as e
set stopped_at = coalesce(e.stopped_at, clock_timestamp()), stop_reason = :reason
returning true as stopped, e.stopped_at as "stoppedAt", e.stop_reason as reason;
