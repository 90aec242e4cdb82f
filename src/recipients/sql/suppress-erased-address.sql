-- Keeps an erased person's address from ever being written to, without holding it.
-- writes: suppressions
insert into suppressions (address_hash, email, reason, created_at)
values (:hash, null, 'erased', :now::timestamptz)
on conflict (address_hash) do update set email = null, reason = 'erased', created_at = excluded.created_at;
