-- writes: api_keys
insert into api_keys as k (name, scope, prefix, key_hash)
values (:name, :scope::key_scope, :prefix, :hash)
returning k.id, k.name, k.scope, k.prefix, k.created_at as "createdAt", k.last_used_at as "lastUsedAt";
