-- A new template with its first version; nothing where the key is taken.
-- writes: templates, template_versions
with made as (
  insert into templates (key, channel, version, tags, created_at, updated_at)
  select :key::text, :channel::channel, 1, :tags::text[], t.now, t.now
  from (select coalesce(:now::timestamptz, clock_timestamp()) as now) as t
  on conflict (key) do nothing
  returning id, created_at)
insert into template_versions (template_id, version, content, default_locale, created_at)
select made.id, 1, :content::jsonb, :defaultLocale::text, made.created_at
from made
returning template_id as id;
