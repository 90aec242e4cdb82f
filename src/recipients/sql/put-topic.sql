-- writes: topics
insert into topics as t (key, name, listed, created_at)
values (:key, :name::jsonb, :listed::boolean, :now::timestamptz)
on conflict (key) do update set name = excluded.name, listed = excluded.listed
returning t.id, t.key, t.name, t.listed;
