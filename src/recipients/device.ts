import { createHash } from 'node:crypto';
import type { FieldError } from '../platform/errors/index.js';
import { isPlainObject } from '../platform/http/index.js';
import { FieldReader, type Change } from './field-reader.js';

export const PLATFORMS = ['android', 'ios', 'web'] as const;
export const PERMISSIONS = ['granted', 'denied', 'provisional'] as const;

/** A registration as it came; an absent field keeps what is known of the device. */
export interface DeviceInput {
  token: string;
  platform: (typeof PLATFORMS)[number];
  appVersion?: Change<string>;
  permission?: Change<(typeof PERMISSIONS)[number]>;
  timezone?: Change<string>;
  locale?: Change<string>;
  lastSeenAt?: Date;
}

const MAX_TOKEN = 4_096;
const TOKEN = /^[\x21-\x7e]+$/;
const APNS_TOKEN = /^[0-9a-f]{64}$/i;

/** @returns the device, or undefined after noting in `errors` every field that is wrong. */
export function parseDevice(value: unknown, at: string, now: Date, errors: FieldError[]): DeviceInput | undefined {
  if (!isPlainObject(value)) {
    errors.push({ path: at, message: 'must be an object' });
    return undefined;
  }
  const before = errors.length;
  const fields = new FieldReader(value, at, errors);
  fields.required('platform');
  const device = {
    token: readToken(fields),
    platform: fields.oneOf('platform', PLATFORMS),
    appVersion: fields.orNull('appVersion', () => fields.text('appVersion', 100)),
    permission: fields.orNull('permission', () => fields.oneOf('permission', PERMISSIONS)),
    timezone: fields.orNull('timezone', () => fields.zone('timezone')),
    locale: fields.orNull('locale', () => fields.locale('locale')),
    lastSeenAt: fields.instant('lastSeenAt', now),
  };
  fields.refuseOthers();
  return errors.length === before ? (device as DeviceInput) : undefined;
}

/** The `token` field alone, for the route that detaches. */
export function readToken(fields: FieldReader): string | undefined {
  fields.required('token');
  const token = fields.text('token', MAX_TOKEN);
  if (token === undefined) return undefined;
  if (APNS_TOKEN.test(token)) {
    return fields.fail('token', 'is a raw APNs device token; send the FCM registration token that the Firebase SDK gives on every platform');
  }
  return TOKEN.test(token) ? token : fields.fail('token', 'must be an FCM registration token: printable ASCII without blanks');
}

/** Key of the registry: fixed length whatever the token, and nothing to guess tokens from. */
export function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Enough to tell two devices apart, too little to send to one. */
export function maskToken(token: string): string {
  return token.length >= 16 ? `…${token.slice(-6)}` : '…';
}
