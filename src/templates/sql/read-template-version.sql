-- What a version holds, for the renderer; a version never changes.
-- reads: templates, template_versions
select t.channel, v.content, v.default_locale as "defaultLocale"
from template_versions as v
join templates as t on t.id = v.template_id
where v.template_id = :templateId::bigint and v.version = :version::integer;
