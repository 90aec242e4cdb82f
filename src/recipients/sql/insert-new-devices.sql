-- Registers the tokens that nobody has. Ordered by token, so that two batches with common tokens never deadlock.
-- writes: devices
insert into devices (token_hash, token, user_id, platform, app_version, permission, timezone, locale, last_seen_at, created_at)
select decode(g."hash", 'hex'), g."token", g."userId", g."platform", g."appVersion", g."permission", g."timezone", g."locale",
  g."lastSeenAt", :now::timestamptz
from jsonb_to_recordset(:devices::jsonb) as g (
  "hash" text, "token" text, "userId" bigint, "platform" text, "appVersion" text, "permission" text, "timezone" text,
  "locale" text, "lastSeenAt" timestamptz)
where not exists (select from devices as d where d.token_hash = decode(g."hash", 'hex'))
order by g."hash"
on conflict (token_hash) do nothing
returning token_hash as "hash";
