-- Templates in order of creation, without their content.
-- reads: templates, template_versions
select t.id, t.key, t.channel, t.version, v.default_locale as "defaultLocale",
  array(select jsonb_object_keys(v.content) order by 1) as locales, t.tags, t.created_at as "createdAt", t.updated_at as "updatedAt"
from templates as t
join template_versions as v on v.template_id = t.id and v.version = t.version
where t.id > coalesce(:after::bigint, 0)
  and (:channel::channel is null or t.channel = :channel::channel)
  and (:tag::text is null or :tag::text = any (t.tags))
order by t.id
limit :limit::integer;
