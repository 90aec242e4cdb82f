-- Merges a patch into the settings, the two nested objects key by key.
-- writes: settings
insert into settings as s (value)
values (jsonb_strip_nulls(:patch::jsonb))
on conflict (singleton) do update set
  value = s.value || excluded.value
    || jsonb_build_object(
      'consent', coalesce(s.value -> 'consent', '{}') || coalesce(excluded.value -> 'consent', '{}'),
      'messageCost', coalesce(s.value -> 'messageCost', '{}') || coalesce(excluded.value -> 'messageCost', '{}')),
  updated_at = clock_timestamp()
returning value;
