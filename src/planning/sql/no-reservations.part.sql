-- In place of reserve_gate where nobody holds back a slot.
cross join (select null::timestamptz as free_at, null::boolean as before, null::smallint as ord, null::bigint as campaign_id) as rg
