-- writes: imports
insert into imports (id, type, format, columns, segment_id, created_at)
values (:id::bigint, :type, :format, :columns::jsonb, (select s.id from segments as s where s.key = :segment::text), :now::timestamptz);
