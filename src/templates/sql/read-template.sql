-- One version of a template, the newest where none is named.
-- reads: templates, template_versions
select t.id, t.key, t.channel, v.version, t.version as "latestVersion", v.content, v.default_locale as "defaultLocale", t.tags,
  t.created_at as "createdAt", v.created_at as "updatedAt"
from templates as t
join template_versions as v on v.template_id = t.id and v.version = coalesce(:version::integer, t.version)
where t.key = :key::text;
