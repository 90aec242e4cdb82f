/** A JSON object as it stands on the wire. */
export type Json = Record<string, unknown>;

/**
 * FCM parses protobuf JSON, which takes a field under two names (`collapse_key`, `collapseKey`) and refuses a body that carries
 * both. A template's own block is therefore brought to one spelling before ours is laid under it: the SDK's, so that the contract
 * test can compare bodies. Maps (`data`, `headers`) and structs (`webpush.notification`) are the customer's words and stay as they are.
 */
const ANDROID: Record<string, string> = {
  collapseKey: 'collapse_key',
  restrictedPackageName: 'restricted_package_name',
  directBootOk: 'direct_boot_ok',
  bandwidthConstrainedOk: 'bandwidth_constrained_ok',
  restrictedSatelliteOk: 'restricted_satellite_ok',
  fcm_options: 'fcmOptions',
};

const ANDROID_NOTIFICATION: Record<string, string> = {
  clickAction: 'click_action',
  bodyLocKey: 'body_loc_key',
  bodyLocArgs: 'body_loc_args',
  titleLocKey: 'title_loc_key',
  titleLocArgs: 'title_loc_args',
  channelId: 'channel_id',
  eventTime: 'event_time',
  localOnly: 'local_only',
  notificationPriority: 'notification_priority',
  vibrateTimings: 'vibrate_timings',
  defaultVibrateTimings: 'default_vibrate_timings',
  defaultSound: 'default_sound',
  lightSettings: 'light_settings',
  defaultLightSettings: 'default_light_settings',
  notificationCount: 'notification_count',
  bypassProxyNotification: 'bypass_proxy_notification',
};

const LIGHT_SETTINGS: Record<string, string> = {
  lightOnDuration: 'light_on_duration',
  lightOffDuration: 'light_off_duration',
};
const FCM_OPTIONS: Record<string, string> = { analytics_label: 'analyticsLabel' };
const APNS: Record<string, string> = { fcm_options: 'fcmOptions', liveActivityToken: 'live_activity_token' };
const WEBPUSH: Record<string, string> = { fcm_options: 'fcmOptions' };
const APS: Record<string, string> = {
  contentAvailable: 'content-available',
  mutableContent: 'mutable-content',
  threadId: 'thread-id',
};

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object behind a key, or an empty one: what is not an object there cannot be merged and does not count. */
export function objectAt(holder: Json, key: string): Json {
  const value = holder[key];
  return isObject(value) ? value : {};
}

function rename(block: Json, names: Record<string, string>): Json {
  const renamed: Json = {};
  for (const [key, value] of Object.entries(block)) {
    if (key !== '__proto__') renamed[Object.hasOwn(names, key) ? names[key]! : key] = value;
  }
  return renamed;
}

function renameAt(block: Json, key: string, names: Record<string, string>): void {
  if (isObject(block[key])) block[key] = rename(block[key], names);
}

export function canonicalAndroid(block: Json): Json {
  const android = rename(block, ANDROID);
  renameAt(android, 'notification', ANDROID_NOTIFICATION);
  if (isObject(android['notification'])) renameAt(android['notification'], 'light_settings', LIGHT_SETTINGS);
  renameAt(android, 'fcmOptions', FCM_OPTIONS);
  return android;
}

/** Header names of APNs are lower case here, so that ours meet the customer's whatever the spelling. */
export function canonicalApns(block: Json): Json {
  const apns = rename(block, APNS);
  renameAt(apns, 'fcmOptions', FCM_OPTIONS);
  if (isObject(apns['headers'])) {
    apns['headers'] = Object.fromEntries(
      Object.entries(apns['headers']).map(([name, value]) => [name.toLowerCase(), value]),
    );
  }
  if (isObject(apns['payload'])) {
    apns['payload'] = { ...apns['payload'] };
    renameAt(apns['payload'] as Json, 'aps', APS);
  }
  return apns;
}

export function canonicalWebpush(block: Json): Json {
  const webpush = rename(block, WEBPUSH);
  renameAt(webpush, 'fcmOptions', FCM_OPTIONS);
  return webpush;
}

/** `over` laid over `under`, object by object; arrays and scalars are replaced whole. Neither argument is changed. */
export function merge(under: Json, over: Json): Json {
  const merged: Json = { ...under };
  for (const [key, value] of Object.entries(over)) {
    if (key === '__proto__') continue;
    const below = merged[key];
    merged[key] = isObject(value) && isObject(below) ? merge(below, value) : value;
  }
  return merged;
}
