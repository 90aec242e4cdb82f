-- Whoever of the pool is not asked, with the gate that stopped them. Twin: split-pool.part.sql.
-- reads: pass_pool
, barred as (
  select b.user_id, b.entry, b.due_at, b.expires_at, 'suppressed'::delivery_state as state, b.bar as why, __VARIANT_OF_b__ as variant
  from pass_pool as b
  where not (__WHOM_b__)
)
