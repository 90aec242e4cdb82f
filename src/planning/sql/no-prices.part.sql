-- In place of priced where the campaign does not ask for worth.
cross join (
  select null::text as worth_segment, null::float8 as incrementality, null::bigint as heard_messages, null::bigint as heard_opens,
    null::bigint as heard_conversions, null::float8 as conversion_rate, null::float8 as open_rate, null::float8 as conversion_value,
    null::float8 as conversion_gain, null::float8 as open_gain, null::float8 as hazard, null::float8 as keep_value,
    null::float8 as message_cost, null::float8 as net_worth) as w
