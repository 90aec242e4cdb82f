-- writes: engine_state
update engine_state as e set stopped_at = null, stop_reason = null
returning false as stopped, null::timestamptz as "stoppedAt", null::text as reason;
