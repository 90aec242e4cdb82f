-- The file of an import has come; answers nothing where it had come before.
-- writes: imports
update imports set file_hash = :hash, file_bytes = :bytes::bigint, uploaded_at = :now::timestamptz
where id = :id::bigint and uploaded_at is null
returning id;
