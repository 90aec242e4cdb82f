import { createHash } from 'node:crypto';
import type { AndroidConfig, ApnsConfig, TokenMessage, WebpushConfig } from 'firebase-admin/messaging';
import type { OutgoingPush } from '../channel-sender.js';
import { canonicalAndroid, canonicalApns, canonicalWebpush, isObject, merge, objectAt } from './fcm-blocks.js';
import type { Json } from './fcm-blocks.js';

/** FCM keeps nothing longer than four weeks. */
const MAX_TTL_SECONDS = 28 * 24 * 3600;
/** `apns-collapse-id` is limited to 64 bytes by Apple; the other collapse keys have no stricter limit. */
const MAX_COLLAPSE_BYTES = 64;
/** RFC 8030 5.4: a web push topic has at most 32 characters of the URL-safe base64 alphabet. */
const WEB_TOPIC = /^[A-Za-z0-9_-]{1,32}$/;
/** FCM's limit on notification and data together. */
export const MAX_PUSH_PAYLOAD_BYTES = 4096;

/** The body of FCM's `messages:send`. */
export interface FcmBody {
  message: Json & { token: string };
}

/** Seconds that the provider may hold the message: until it expires, at most 28 days, never negative. */
export function ttlSeconds(expiresAt: Date, now: Date): number {
  const seconds = Math.floor((expiresAt.getTime() - now.getTime()) / 1000);
  return Math.max(0, Math.min(MAX_TTL_SECONDS, seconds));
}

/** The id under which duplicates of one message fold on the phone; an id over 64 bytes is represented by its hash. */
export function collapseId(messageId: string): string {
  if (Buffer.byteLength(messageId) <= MAX_COLLAPSE_BYTES) return messageId;
  return createHash('sha256').update(messageId).digest('base64url');
}

/** Data keys that FCM keeps for itself and refuses with INVALID_ARGUMENT. */
export function isReservedDataKey(key: string): boolean {
  return key === 'from' || key === 'message_type' || key === 'notification' || /^(google|gcm)/i.test(key);
}

function trackingData(push: OutgoingPush): Record<string, string> {
  const data: Record<string, string> = { messageId: push.messageId, campaignId: push.campaignId };
  if (push.content.deepLink) data['deepLink'] = push.content.deepLink;
  return data;
}

function notificationBlock(push: OutgoingPush): Json | undefined {
  const { title, body, imageUrl, dataOnly } = push.content;
  if (dataOnly) return undefined;
  const block: TokenMessage['notification'] & Json = {};
  if (title !== undefined) block.title = title;
  if (body !== undefined) block.body = body;
  if (imageUrl) block['image'] = imageUrl;
  return Object.keys(block).length > 0 ? block : undefined;
}

/** A platform's own `data` replaces the common one at FCM, so what the app needs to report back is laid into it again. */
function keepTracking(block: Json, push: OutgoingPush): void {
  if (isObject(block['data'])) block['data'] = { ...block['data'], ...trackingData(push) };
}

function androidBlock(push: OutgoingPush, now: Date): Json {
  // A data message is held back while the phone dozes unless it is of high priority, and this one is to be drawn at once.
  const ours: Pick<AndroidConfig, 'priority'> = push.content.dataOnly ? { priority: 'high' } : {};
  const block = merge({ ...ours }, canonicalAndroid(push.content.android ?? {}));
  block['ttl'] = `${ttlSeconds(push.expiresAt, now)}s`;
  block['collapse_key'] = collapseId(push.messageId);
  if (push.content.dataOnly) delete block['notification'];
  else block['notification'] = { ...objectAt(block, 'notification'), tag: collapseId(push.messageId) };
  keepTracking(block, push);
  return block;
}

function apnsHeaders(push: OutgoingPush, theirs: Json, now: Date): NonNullable<ApnsConfig['headers']> {
  const ttl = ttlSeconds(push.expiresAt, now);
  const headers: Json = {
    ...theirs,
    'apns-collapse-id': collapseId(push.messageId),
    // Zero means "now or never" to APNs, which is what a TTL of zero says.
    'apns-expiration': ttl === 0 ? '0' : String(Math.floor(now.getTime() / 1000) + ttl),
  };
  // Apple refuses a background push of any other priority.
  if (push.content.dataOnly) Object.assign(headers, { 'apns-push-type': 'background', 'apns-priority': '5' });
  return headers as NonNullable<ApnsConfig['headers']>;
}

function apsBlock(push: OutgoingPush, theirs: Json): Json {
  const { alert, badge, sound, 'mutable-content': _mutable, ...rest } = theirs;
  if (push.content.dataOnly) return { ...rest, 'content-available': 1 };
  const shown = Object.fromEntries(
    Object.entries({ alert, badge, sound }).filter(([, value]) => value !== undefined),
  );
  // Lets the app's service extension load the image and report the arrival.
  return { ...rest, ...shown, 'mutable-content': 1 };
}

function apnsBlock(push: OutgoingPush, now: Date): Json {
  const block = canonicalApns(push.content.apns ?? {});
  const payload = objectAt(block, 'payload');
  block['headers'] = apnsHeaders(push, objectAt(block, 'headers'), now);
  block['payload'] = { ...payload, aps: apsBlock(push, objectAt(payload, 'aps')) };
  return block;
}

function webpushHeaders(push: OutgoingPush, theirs: Json, now: Date): Json {
  const kept = Object.entries(theirs).filter(([name]) => !/^(ttl|topic)$/i.test(name));
  const headers: Json = { ...Object.fromEntries(kept), TTL: String(ttlSeconds(push.expiresAt, now)) };
  const topic = collapseId(push.messageId);
  if (WEB_TOPIC.test(topic)) headers['Topic'] = topic;
  return headers;
}

function webpushBlock(push: OutgoingPush, now: Date): Json {
  const { deepLink, dataOnly } = push.content;
  const ours: WebpushConfig = !dataOnly && deepLink?.startsWith('https://') ? { fcmOptions: { link: deepLink } } : {};
  const block = merge({ ...ours }, canonicalWebpush(push.content.webpush ?? {}));
  block['headers'] = webpushHeaders(push, objectAt(block, 'headers'), now);
  if (dataOnly) delete block['notification'];
  else block['notification'] = { ...objectAt(block, 'notification'), tag: collapseId(push.messageId) };
  keepTracking(block, push);
  return block;
}

/**
 * The request body for one push. Only the block of the device's own platform goes out: the others would cost bytes and do nothing.
 * The template's block wins over ours except for TTL, collapse ids and `mutable-content`.
 */
export function fcmBody(push: OutgoingPush, now: Date): FcmBody {
  const message: FcmBody['message'] = { token: push.token, data: { ...push.content.data, ...trackingData(push) } };
  const notification = notificationBlock(push);
  if (notification) message['notification'] = notification;
  if (push.platform === 'android') message['android'] = androidBlock(push, now);
  else if (push.platform === 'ios') message['apns'] = apnsBlock(push, now);
  else message['webpush'] = webpushBlock(push, now);
  return { message };
}

/**
 * Bytes of what travels to the phone, as JSON in UTF-8: notification, data and the platform's own notification, data and payload,
 * without token, headers, TTL and options. FCM refuses more than {@link MAX_PUSH_PAYLOAD_BYTES}.
 */
export function pushPayloadBytes(body: FcmBody): number {
  const { message } = body;
  const android = objectAt(message, 'android');
  const webpush = objectAt(message, 'webpush');
  const parts = [
    message['notification'],
    android['data'] ?? webpush['data'] ?? message['data'],
    android['notification'],
    objectAt(message, 'apns')['payload'],
    webpush['notification'],
  ];
  return parts.reduce<number>((sum, part) => sum + (part === undefined ? 0 : Buffer.byteLength(JSON.stringify(part))), 0);
}

/** Keys and ids that we add to a template's content on any platform: collapse ids, tracking data and the names around them. */
const OWN_BYTES = 500;

/**
 * Whether a push fits on every platform. Content so small that renaming its keys and adding ours cannot take it over the limit is
 * not built three times to be measured: that is nearly every push, and cost as much as sending it.
 */
export function fitsEverywhere(push: Omit<OutgoingPush, 'token' | 'platform'>, now: Date): boolean {
  if (Buffer.byteLength(JSON.stringify(push.content)) * 1.5 + OWN_BYTES <= MAX_PUSH_PAYLOAD_BYTES) return true;
  return (['android', 'ios', 'web'] as const).every((platform) =>
    pushPayloadBytes(fcmBody({ ...push, token: '', platform }, now)) <= MAX_PUSH_PAYLOAD_BYTES);
}
