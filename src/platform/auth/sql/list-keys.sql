-- Keys that hold, oldest first. Never the hash.
-- reads: api_keys
select k.id, k.name, k.scope, k.prefix, k.created_at as "createdAt", k.last_used_at as "lastUsedAt"
from api_keys as k
where k.revoked_at is null and k.id > coalesce(:after::bigint, 0)
order by k.id
limit :limit;
