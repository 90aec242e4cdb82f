// What FCM's HTTP v1 API would refuse about a body, as far as it is documented.

const TOP = new Set(['message', 'validate_only', 'validateOnly']);
const MESSAGE = new Set(['token', 'topic', 'condition', 'name', 'data', 'notification', 'android', 'apns', 'webpush', 'fcm_options', 'fcmOptions']);
const ANDROID = new Set([
  'collapse_key', 'collapseKey', 'priority', 'ttl', 'restricted_package_name', 'restrictedPackageName', 'data', 'notification',
  'fcm_options', 'fcmOptions', 'direct_boot_ok', 'directBootOk', 'bandwidth_constrained_ok', 'bandwidthConstrainedOk',
  'restricted_satellite_ok', 'restrictedSatelliteOk',
]);
const APNS = new Set(['headers', 'payload', 'fcm_options', 'fcmOptions', 'live_activity_token', 'liveActivityToken']);
const WEBPUSH = new Set(['headers', 'data', 'notification', 'fcm_options', 'fcmOptions']);
const NOTIFICATION = new Set(['title', 'body', 'image']);
const RESERVED = /^(from|message_type|notification|google.*|gcm.*)$/i;
const MAX_TTL = 2_419_200;

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

function unknownKey(value, known, at) {
  if (value === undefined) return undefined;
  if (!isObject(value)) return at;
  const key = Object.keys(value).find((name) => !known.has(name));
  return key === undefined ? undefined : `${at}.${key}`;
}

function badMap(map, at, reserved) {
  if (map === undefined) return undefined;
  if (!isObject(map)) return at;
  const bad = Object.entries(map).find(([key, value]) => typeof value !== 'string' || (reserved && RESERVED.test(key)));
  return bad && `${at}[${bad[0]}]`;
}

function badTtl(ttl) {
  if (ttl === undefined) return undefined;
  const seconds = /^(\d+)(\.\d{1,9})?s$/.exec(ttl);
  return seconds && Number(seconds[1]) <= MAX_TTL ? undefined : 'message.android.ttl';
}

function badCollapseId(headers) {
  const id = isObject(headers) ? headers['apns-collapse-id'] : undefined;
  return typeof id === 'string' && Buffer.byteLength(id) > 64 ? 'message.apns.headers[apns-collapse-id]' : undefined;
}

/** @returns {string|undefined} the path of the first offending field */
export function offendingField(body) {
  const top = unknownKey(body, TOP, 'body') ?? unknownKey(body.message, MESSAGE, 'message');
  if (top) return top;
  const { message } = body;
  if (!isObject(message)) return 'message';
  if (typeof message.token !== 'string' || message.token === '') return 'message.token';
  return (
    unknownKey(message.notification, NOTIFICATION, 'message.notification') ??
    unknownKey(message.android, ANDROID, 'message.android') ??
    unknownKey(message.apns, APNS, 'message.apns') ??
    unknownKey(message.webpush, WEBPUSH, 'message.webpush') ??
    badMap(message.data, 'message.data', true) ??
    badMap(message.android?.data, 'message.android.data', true) ??
    badMap(message.apns?.headers, 'message.apns.headers') ??
    badMap(message.webpush?.headers, 'message.webpush.headers') ??
    badMap(message.webpush?.data, 'message.webpush.data', true) ??
    badTtl(message.android?.ttl) ??
    badCollapseId(message.apns?.headers)
  );
}
