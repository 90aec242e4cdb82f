-- Of record-worth.part.sql, for rows that are decided again.
-- reads: excluded (of record-worth.part.sql)
  on conflict (user_id, month, run_id, channel, entry) do update set
    decided_at = excluded.decided_at, segment = excluded.segment, messages = excluded.messages, opens = excluded.opens,
    conversions = excluded.conversions, incrementality = excluded.incrementality, conversion_rate = excluded.conversion_rate,
    open_rate = excluded.open_rate, conversion_value = excluded.conversion_value, conversion_gain = excluded.conversion_gain,
    open_gain = excluded.open_gain, hazard = excluded.hazard, keep_value = excluded.keep_value, cost = excluded.cost,
    net_worth = excluded.net_worth, price = excluded.price
