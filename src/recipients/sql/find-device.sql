-- One device of one user.
-- reads: devices
select d.token, d.platform, d.app_version as "appVersion", d.permission, d.timezone, d.locale, d.last_seen_at as "lastSeenAt"
from devices as d where d.token_hash = :hash;
