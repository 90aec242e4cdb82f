-- The next version of a template. The row lock of the update numbers writers that come together.
-- writes: templates, template_versions
with bumped as (
  update templates
  set version = version + 1, tags = coalesce(:tags::text[], tags), updated_at = coalesce(:now::timestamptz, clock_timestamp())
  where key = :key::text and channel = :channel::channel
  returning id, version, updated_at)
insert into template_versions (template_id, version, content, default_locale, created_at)
select bumped.id, bumped.version, :content::jsonb, :defaultLocale::text, bumped.updated_at
from bumped
returning version;
