import type { Mistake } from './mistake.js';

export type Json = Record<string, unknown>;

export function isPlainObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The fields of FCM HTTP v1 (AndroidConfig, AndroidNotification, ApnsConfig, WebpushConfig). FCM refuses a body with any other, and
 * one misspelt field would fail a whole campaign, so it is refused when the template is written. Protobuf JSON takes both spellings.
 */
const FIELDS: Record<string, readonly string[]> = {
  android: [
    'collapse_key', 'priority', 'ttl', 'restricted_package_name', 'data', 'notification', 'fcm_options', 'direct_boot_ok',
    'bandwidth_constrained_ok', 'restricted_satellite_ok',
  ],
  'android.notification': [
    'title', 'body', 'icon', 'color', 'sound', 'tag', 'click_action', 'body_loc_key', 'body_loc_args', 'title_loc_key', 'title_loc_args',
    'channel_id', 'ticker', 'sticky', 'event_time', 'local_only', 'notification_priority', 'default_sound', 'default_vibrate_timings',
    'default_light_settings', 'vibrate_timings', 'visibility', 'notification_count', 'light_settings', 'image', 'proxy',
    'bypass_proxy_notification',
  ],
  apns: ['headers', 'payload', 'fcm_options', 'live_activity_token'],
  webpush: ['headers', 'data', 'notification', 'fcm_options'],
};
const OBJECTS = new Set(['android.notification', 'android.data', 'android.fcm_options', 'apns.headers', 'apns.payload', 'apns.fcm_options',
  'webpush.headers', 'webpush.data', 'webpush.notification', 'webpush.fcm_options']);
/** Maps from text to text at FCM; numbers would be refused. */
const TEXT_MAPS = new Set(['android.data', 'apns.headers', 'webpush.headers', 'webpush.data']);

export type FcmBlock = 'android' | 'apns' | 'webpush';
export const FCM_BLOCKS: readonly FcmBlock[] = ['android', 'apns', 'webpush'];

/** Every mistake in the shape of a platform block; the texts in it are checked as templates elsewhere. */
export function checkFcmBlock(block: FcmBlock, value: unknown, path: string): Mistake[] {
  if (!isPlainObject(value)) return [{ path, message: `must be an object: FCM's own ${block} block` }];
  return checkFields(block, value, path);
}

function checkFields(name: string, value: Json, path: string): Mistake[] {
  const known = FIELDS[name];
  return Object.entries(value).flatMap(([key, item]) => {
    const field = snake(key);
    const at = `${path}.${key}`;
    if (known && !known.includes(field)) return [{ path: at, message: `is not a field of FCM's ${name} block` }];
    const inner = `${name}.${field}`;
    if (!OBJECTS.has(inner)) return [];
    if (!isPlainObject(item)) return [{ path: at, message: 'must be an object' }];
    if (TEXT_MAPS.has(inner)) return checkTextMap(item, at);
    return FIELDS[inner] ? checkFields(inner, item, at) : [];
  });
}

function checkTextMap(map: Json, path: string): Mistake[] {
  return Object.entries(map)
    .filter(([, value]) => typeof value !== 'string')
    .map(([key]) => ({ path: `${path}.${key}`, message: 'must be text' }));
}

function snake(key: string): string {
  return key.replace(/[A-Z]/g, (char) => `_${char.toLowerCase()}`);
}

/** Keys of `data` that FCM keeps for itself, or that every message of ours carries. */
export function reservedDataKey(key: string): string | undefined {
  if (['messageId', 'campaignId', 'deepLink'].includes(key)) return 'is set on every message and cannot be given';
  if (key === 'from' || key === 'message_type' || key === 'notification' || /^(google|gcm)/i.test(key)) return 'is reserved by FCM';
  return undefined;
}
