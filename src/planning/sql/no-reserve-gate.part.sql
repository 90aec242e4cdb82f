-- In place of reserve-gate.part.sql where nobody holds back a slot.
reserve_gate as (
  select null::bigint as user_id, null::timestamptz as free_at, null::boolean as before, null::smallint as ord, null::bigint as campaign_id
  where false
)
