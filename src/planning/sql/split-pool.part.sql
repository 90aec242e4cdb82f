-- Of an audience (not of deferred rows or entries) only those who are asked are kept; the others are decided already. Where it is known how
-- many messages each user had, two thirds of a night's audience need never stand in a table of the session: that costs 0.9 µs a row.
-- After first-gates.part.sql.
-- writes: pass_asked (temporary)
, kept as (
  insert into pass_asked (user_id, client_id, zone, quiet_until, messages, bar)
  select m.user_id, m.client_id, m.zone, m.quiet_until, m.messages, m.bar
  from met as m
  where __WHOM_m__
),
barred as (
  select b.user_id, 'suppressed'::delivery_state as state, b.bar as why, __VARIANT_OF_b__ as variant, coalesce(b.messages, 0) as messages
  from met as b
  where not (__WHOM_b__)
)
