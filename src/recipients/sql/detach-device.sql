-- writes: devices
delete from devices as d where d.token_hash = :hash returning d.user_id as "userId";
