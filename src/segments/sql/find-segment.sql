-- reads: segments
select id, key, name, static, rule, size, computed_at as "computedAt", build_ms as "buildMs",
  created_at as "createdAt", updated_at as "updatedAt"
from segments
where key = :key
