-- Lays registrations over known devices and moves each to its last owner. What a registration does not say is kept: it is the
-- same device, whoever is logged in. A sight in the past never makes its own user's device older.
-- The devices are locked by the caller.
-- writes: devices
update devices as d set
  user_id = g."userId",
  platform = g."platform",
  app_version = case when g."appVersionGiven" then g."appVersion" else d.app_version end,
  permission = case when g."permissionGiven" then g."permission" else d.permission end,
  timezone = case when g."timezoneGiven" then g."timezone" else d.timezone end,
  locale = case when g."localeGiven" then g."locale" else d.locale end,
  last_seen_at = case when d.user_id = g."userId" then greatest(d.last_seen_at, g."lastSeenAt") else g."lastSeenAt" end
from jsonb_to_recordset(:devices::jsonb) as g (
  "hash" text, "userId" bigint, "platform" text, "appVersionGiven" boolean, "appVersion" text, "permissionGiven" boolean,
  "permission" text, "timezoneGiven" boolean, "timezone" text, "localeGiven" boolean, "locale" text, "lastSeenAt" timestamptz)
where d.token_hash = decode(g."hash", 'hex');
