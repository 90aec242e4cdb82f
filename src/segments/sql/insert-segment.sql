-- writes: segments
insert into segments (key, name, static, rule, size, computed_at, created_at, updated_at)
values (:key, :name, :static, :rule::jsonb, 0, :now, :now, :now)
returning id
