-- reads: api_keys
select count(*)::integer as n from api_keys as k where k.scope = 'admin' and k.revoked_at is null;
