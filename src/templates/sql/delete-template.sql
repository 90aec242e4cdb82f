-- A template with all its versions.
-- writes: templates, template_versions (cascade)
delete from templates as t
where t.id = :id::bigint;
