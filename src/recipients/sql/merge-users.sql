-- Lays a batch's profile changes over the stored ones: an absent field keeps, null clears, attributes merge by top-level key.
-- The users are locked by the caller. Answers whose attributes exceed the limits now; the caller rolls back.
-- writes: users
with given as (
  select * from jsonb_to_recordset(:rows::jsonb) as g (
    "id" bigint, "emailGiven" boolean, "email" text, "emailHash" text, "timezoneGiven" boolean, "timezone" text,
    "localeGiven" boolean, "locale" text, "createdAt" timestamptz,
    "attributesReset" boolean, "attributesRemoved" text[], "attributesSet" jsonb)),
merged as (
  update users as u set
    email = case when g."emailGiven" then g."email" else u.email end,
    email_hash = case when g."emailGiven" then decode(g."emailHash", 'hex') else u.email_hash end,
    timezone = case when g."timezoneGiven" then g."timezone" else u.timezone end,
    locale = case when g."localeGiven" then g."locale" else u.locale end,
    created_at = coalesce(g."createdAt", u.created_at),
    attributes = case when g."attributesSet" is null then u.attributes else
      ((case when g."attributesReset" then '{}'::jsonb else u.attributes end) - g."attributesRemoved") || g."attributesSet" end,
    updated_at = :now::timestamptz
  from given as g
  where u.id = g."id"
  returning u.user_id, g."attributesSet" is not null as changed, u.attributes)
select m.user_id as "userId" from merged as m
where m.changed
  and (octet_length(m.attributes::text) > :maxBytes::int
    or (select count(*) from jsonb_object_keys(m.attributes)) > :maxKeys::int);
