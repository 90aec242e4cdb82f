-- Locks devices in the order of their tokens and tells whose they are.
-- reads: devices
select d.token_hash as "hash", d.user_id as "userId"
from devices as d
where d.token_hash = any(:hashes::bytea[])
order by d.token_hash
for update;
